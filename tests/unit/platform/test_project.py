import pytest

from dmp_assets.platform import project
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.project import PACKAGE_DIR, TEMPLATES_DIR, find_project, is_project
from dmp_assets.platform.settings import Settings, project_variables


@pytest.fixture
def shop(tmp_path):
    """Return the folder of a project as little as one can be."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "dbt_project.yml").write_text("name: shop\nvars: {currency: CNY}\n", encoding="utf-8")
    (folder / "packages.yml").write_text("packages:\n  - local: .dmp/platform\n", encoding="utf-8")
    return folder


def test_the_dbt_project_and_the_templates_come_with_the_code():
    assert (PACKAGE_DIR / "dbt_project.yml").is_file()
    assert (TEMPLATES_DIR / "workspace.yaml").is_file()


def test_a_project_is_found_from_any_folder_below_it(shop, monkeypatch):
    below = shop / "models" / "staging"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert find_project() == shop


def test_without_a_project_the_checkout_is_the_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_project() == PACKAGE_DIR


def test_without_a_project_an_installed_platform_says_how_to_make_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(project, "PACKAGE_DIR", project._CODE / "dbt" / "package")
    with pytest.raises(UserError, match="dmp init my-shop"):
        find_project()


def test_a_dbt_project_of_something_else_is_no_project(shop):
    (shop / "packages.yml").write_text("packages:\n  - local: ../other\n", encoding="utf-8")
    assert not is_project(shop)
    (shop / "packages.yml").unlink()
    assert not is_project(shop)


def test_state_and_rules_lie_in_the_project_and_in_the_checkout_at_its_top(shop, monkeypatch):
    monkeypatch.delenv("DMP_HOME", raising=False)
    own, checkout = Settings(dbt_project_dir=shop), Settings(dbt_project_dir=PACKAGE_DIR)
    assert (own.home, own.rules_dir) == (shop / ".dmp", shop / "rules")
    assert (checkout.home, checkout.rules_dir) == (PACKAGE_DIR.parent / ".dmp", PACKAGE_DIR.parent / "rules")
    assert (checkout.rules_dir / "tags.yml").is_file()


def test_the_projects_variables_go_before_the_platforms(shop):
    variables = project_variables(Settings(dbt_project_dir=shop))
    assert variables["currency"] == "CNY"
    assert variables["session_gap_minutes"] == 30
