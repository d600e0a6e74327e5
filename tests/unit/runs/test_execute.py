import dagster as dg
import pytest

from dmp_assets.onboarding.new_project import create_project
from dmp_assets.platform.automation import REBUILD, REFRESH
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.runs.execute import run_job


@pytest.mark.parametrize("job", [REBUILD, REFRESH])
def test_a_project_without_orders_is_told_what_to_do_before_anything_runs(tmp_path, job):
    create_project(tmp_path / "shop")
    settings = Settings(dbt_project_dir=tmp_path / "shop", home=tmp_path / "home")
    with dg.DagsterInstance.ephemeral() as instance:
        with pytest.raises(UserError, match=r"brings orders.*dmp add-source.*dmp demo"):
            run_job(instance, settings, job, print, graph=lambda loggers: dg.Definitions())
        assert instance.get_runs() == []
