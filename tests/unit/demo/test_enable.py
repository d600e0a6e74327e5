import pytest
import yaml

from dmp_assets.dbt.project_file import ProjectFile
from dmp_assets.demo.enable import enable_demo
from dmp_assets.onboarding.new_project import create_project
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.project import PACKAGE_DIR


@pytest.fixture
def project(tmp_path):
    create_project(tmp_path / "shop")
    return ProjectFile(tmp_path / "shop")


def variables(project):
    return yaml.safe_load(project.path.read_text(encoding="utf-8"))["vars"]


def test_a_new_project_gets_the_demo_as_the_checkout_has_it(project):
    assert enable_demo(project)
    checkout = yaml.safe_load((PACKAGE_DIR / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    enabled = variables(project)
    assert {name: set(tables) for name, tables in enabled["sources"].items()} == {
        name: set(tables) for name, tables in checkout["sources"].items()
    }
    for setting in ("currency", "time_zones", "event_time_zone"):
        assert enabled[setting] == checkout[setting], setting


def test_a_project_that_excludes_nothing_yet_gets_the_exclusions_of_the_demo(project):
    enable_demo(project)
    assert (
        "CIGARETTES"
        in (project.path.parent / "rules" / "exclusions.yml").read_text(encoding="utf-8").split("exclusions:")[1]
    )


def test_exclusions_of_the_users_own_stay(project):
    own = project.path.parent / "rules" / "exclusions.yml"
    own.write_text("exclusions: [{product_id: 'x:1', reason: mine}]")
    enable_demo(project)
    assert "mine" in own.read_text()


def test_enabling_it_again_changes_nothing(project):
    enable_demo(project)
    before = project.path.read_bytes()
    assert not enable_demo(ProjectFile(project.path.parent))
    assert project.path.read_bytes() == before


def test_it_is_not_mixed_with_orders_of_another_source(project):
    project.list_table("till", "order_lines")
    project.write()
    before = project.path.read_bytes()
    with pytest.raises(UserError, match=r"orders of till.*dmp init my-demo"):
        enable_demo(project)
    assert project.path.read_bytes() == before


def test_without_its_files_the_project_stays_as_it_was(project, monkeypatch):
    monkeypatch.setenv("DMP_COMPLETE_JOURNEY_DIR", "/nowhere")
    before = project.path.read_bytes()
    with pytest.raises(UserError, match="There is no file at /nowhere/transactions"):
        enable_demo(project)
    assert project.path.read_bytes() == before
