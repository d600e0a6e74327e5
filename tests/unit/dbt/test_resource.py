from importlib.metadata import version
from pathlib import Path

from dmp_assets.dbt.project import dbt_project, dbt_resource
from dmp_assets.platform.settings import Settings


def test_the_version_of_dbt_is_known_and_no_adapter_is_made_in_this_process(tmp_path: Path):
    resource = dbt_resource(dbt_project(Settings(home=tmp_path)))
    asked = resource.cli(["--version"], target_path=tmp_path).wait()
    assert str(asked.cli_version) == version("dbt-core")
    assert asked.adapter is None
