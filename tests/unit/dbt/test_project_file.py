import yaml

from dmp_assets.dbt.project_file import ProjectFile
from dmp_assets.onboarding.new_project import create_project
from dmp_assets.platform.project import PACKAGE_DIR


def variables(folder):
    return yaml.safe_load((folder / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]


def test_a_new_project_takes_a_source_with_its_currency_and_time_zone(tmp_path):
    folder = tmp_path / "shop"
    create_project(folder)
    project = ProjectFile(folder)
    project.list_table("till", "order_lines")
    project.set_currency("CNY")
    project.set_time_zones("Asia/Shanghai")
    project.write()
    after = variables(folder)
    assert after["sources"]["till"] == ["order_lines"]
    assert (after["currency"], after["time_zones"], after["event_time_zone"]) == (
        "CNY",
        ["Asia/Shanghai"],
        "Asia/Shanghai",
    )
    assert "# ISO 4217 code" in (folder / "dbt_project.yml").read_text(encoding="utf-8")


def test_a_setting_that_was_left_to_the_platform_begins_as_the_platform_has_it(tmp_path):
    (tmp_path / "dbt_project.yml").write_text("name: shop\n", encoding="utf-8")
    project = ProjectFile(tmp_path)
    project.list_table("till", "order_lines")
    project.write()
    assert variables(tmp_path)["sources"] == {"till": ["order_lines"], **variables(PACKAGE_DIR)["sources"]}
