import errno

import pytest
import yaml

from dmp_assets.platform import home
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.home import STAMP, VERSION, home_version, prepare_home, remove_home
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


def test_a_home_is_removed_but_not_what_it_links_to(tmp_path):
    settings = Settings(home=tmp_path / "home")
    prepare_home(settings)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kept").touch()
    (settings.home / "platform").symlink_to(tmp_path / "elsewhere")
    remove_home(settings)
    assert not settings.home.exists()
    assert (tmp_path / "elsewhere" / "kept").exists()


def test_a_folder_that_is_no_home_is_not_removed(tmp_path):
    (tmp_path / "precious").touch()
    with pytest.raises(UserError, match=r"no home of the platform.*DMP_HOME"):
        remove_home(Settings(home=tmp_path))
    assert (tmp_path / "precious").exists()


def test_a_home_says_which_version_it_is_of_and_one_of_a_newer_version_is_refused(tmp_path):
    settings = Settings(home=tmp_path)
    assert home_version(settings) == 0
    prepare_home(settings)
    assert home_version(settings) == VERSION
    (tmp_path / STAMP).write_text(f'{{"version": {VERSION + 1}}}')
    with pytest.raises(UserError, match="made by a newer version of the platform"):
        prepare_home(settings)


def test_a_damaged_stamp_is_named(tmp_path):
    (tmp_path / STAMP).write_text('{"vers')
    with pytest.raises(UserError, match=r"home\.json is damaged"):
        prepare_home(Settings(home=tmp_path))


def test_a_full_disk_is_called_so_and_not_a_folder_that_may_not_be_written(tmp_path, monkeypatch):
    def fill(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(home, "write_instance", fill)
    with pytest.raises(UserError, match="is full: free some space"):
        prepare_home(Settings(home=tmp_path))
