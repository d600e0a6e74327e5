import pytest
import yaml

from dmp_assets.onboarding.new_project import create_project, project_name
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.project import PACKAGE_LINK, TEMPLATES_DIR, is_project


def test_a_new_project_is_found_and_named_after_its_folder(tmp_path):
    folder = tmp_path / "My Shop-2"
    create_project(folder)
    project = yaml.safe_load((folder / "dbt_project.yml").read_text(encoding="utf-8"))
    assert is_project(folder)
    assert project["name"] == "my_shop_2"
    assert "my_shop_2" in project["models"]
    assert (folder / "README.md").read_text(encoding="utf-8").startswith("# my_shop_2\n")
    assert (folder / "rules" / "tags.yml").read_bytes() == (TEMPLATES_DIR / "rules" / "tags.yml").read_bytes()


def test_a_new_project_configures_its_own_models_only(tmp_path):
    """Dbt lets the root project overrule every package, the severity of a package's tests included."""
    create_project(tmp_path / "shop")
    project = yaml.safe_load((tmp_path / "shop" / "dbt_project.yml").read_text(encoding="utf-8"))
    assert not {"data_tests", "sources", "seeds", "snapshots"} & set(project)
    assert set(project["models"]) == {"shop"}


def test_state_and_what_dbt_makes_stay_out_of_version_control(tmp_path):
    create_project(tmp_path / "shop")
    ignored = (tmp_path / "shop" / ".gitignore").read_text(encoding="utf-8").split()
    assert {f"{PACKAGE_LINK.parts[0]}/", "dbt_packages/"} <= set(ignored)


def test_no_file_is_overwritten_and_none_written_beside_it(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "README.md").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match=r"README\.md: already there"):
        create_project(folder)
    assert [path.name for path in folder.iterdir()] == ["README.md"]
    assert (folder / "README.md").read_text(encoding="utf-8") == "mine"


def test_other_files_of_the_folder_stay(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "orders.csv").touch()
    create_project(folder)
    assert (folder / "orders.csv").exists()


@pytest.mark.parametrize("name", ["dmp", "DBT", "2024", "---"])
def test_a_name_that_dbt_would_refuse_is_refused_first(tmp_path, name):
    with pytest.raises(UserError, match="cannot be called"):
        create_project(tmp_path / name)
    assert not (tmp_path / name).exists()


def test_a_name_may_have_letters_of_any_script(tmp_path):
    assert project_name(tmp_path / "我的商店") == "我的商店"


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"shop cannot be written \(Not a directory"):
        create_project(tmp_path / "file" / "shop")
