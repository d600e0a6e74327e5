import hypothesis
import hypothesis.strategies as st
import yaml

from dmp_assets.dbt.project_file import ProjectFile, yaml_text
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


# What YAML 1.1, which dbt reads, takes for something else than a text, and YAML 1.2, which writes it, does not.
ODD = st.sampled_from(
    [
        "on",
        "off",
        "no",
        "yes",
        "y",
        "N",
        "Off",
        "12:30",
        "0o7",
        "010",
        "1_000",
        "=",
        "<<",
        "~",
        "0b1",
        "1.e3",
        "2024-01-01",
    ]
)
TEXTS = ODD | st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=5)


@hypothesis.given(
    st.recursive(TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))
)
def test_what_is_written_is_read_the_same_by_both_versions_of_yaml(content):
    assert yaml.safe_load(yaml_text({"content": content})) == {"content": content}


def test_a_source_may_be_called_no(tmp_path):
    (tmp_path / "dbt_project.yml").write_text("name: shop\n", encoding="utf-8")
    project = ProjectFile(tmp_path)
    project.list_table("no", "order_lines")
    project.write()
    assert variables(tmp_path)["sources"]["no"] == ["order_lines"]
