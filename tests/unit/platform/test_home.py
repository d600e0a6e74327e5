import pytest
import yaml

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.home import prepare_home
from dmp_assets.platform.settings import Settings


def test_the_home_gets_dagsters_configuration_without_telemetry_or_pop_up(tmp_path):
    settings = Settings(home=tmp_path / "new" / "home")
    prepare_home(settings)
    prepare_home(settings)
    configuration = yaml.safe_load((settings.dagster_home / "dagster.yaml").read_text())
    assert configuration["telemetry"] == {"enabled": False}
    assert configuration["nux"] == {"enabled": False}
    assert configuration["concurrency"]["runs"]["max_concurrent_runs"] == 1


def test_a_home_that_cannot_be_written_names_the_variable(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"file.*cannot be written.*DMP_HOME"):
        prepare_home(Settings(home=tmp_path / "file" / "home"))
