import os
from pathlib import Path

import duckdb
import pytest

from dmp_assets.platform.access import SPILL, empty_spill, private_folder, share_published, tighten
from dmp_assets.platform.home import prepare_home
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse


@pytest.fixture(autouse=True)
def same_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_home_and_what_is_made_in_it_is_its_owners_alone(tmp_path: Path):
    settings = Settings(home=tmp_path / "home")
    prepare_home(settings)
    (settings.home / "new").write_text("x")
    with Warehouse.from_settings(settings).write() as connection:
        connection.execute("create table t as select 1 as a")
    assert {mode(path) for path in (settings.home, settings.published_dir, settings.dagster_home)} == {0o700}
    assert {mode(path) for path in (settings.home / "new", settings.warehouse_path)} == {0o600}


def test_a_home_from_before_is_taken_from_all_others(tmp_path: Path):
    settings = Settings(home=tmp_path / "home")
    old = settings.home / "dagster" / "storage" / "run"
    old.parent.mkdir(parents=True)
    old.write_text("x")
    assert mode(old) == 0o644
    tighten(settings)
    assert (mode(old), mode(old.parent)) == (0o600, 0o700)


@pytest.mark.parametrize(
    ("readers", "modes"),
    [("owner", (0o700, 0o700, 0o600)), ("group", (0o710, 0o750, 0o640)), ("everyone", (0o711, 0o755, 0o644))],
)
def test_what_is_published_is_for_those_whom_the_setting_names(tmp_path: Path, readers, modes):
    settings = Settings(home=tmp_path / "home", published_for=readers)
    prepare_home(settings)
    page = settings.published_dir / "report.html"
    page.write_text("x")
    share_published(settings)
    assert (mode(settings.home), mode(settings.published_dir), mode(page)) == modes
    assert mode(settings.dagster_home) == 0o700


def test_a_private_folder_is_gone_afterwards_and_made_no_home(tmp_path: Path):
    settings = Settings(home=tmp_path / "home")
    with private_folder(settings) as folder:
        (folder / "rows").write_text("x")
        assert folder.is_relative_to(settings.spill_dir)
        assert {mode(folder), mode(settings.spill_dir)} == {0o700}
    assert not settings.home.exists()
    prepare_home(settings)
    with pytest.raises(ZeroDivisionError), private_folder(settings) as folder:
        raise ZeroDivisionError
    assert not folder.exists()
    assert settings.home.exists()


def test_what_a_killed_process_left_goes_at_the_next_start_and_that_of_a_living_one_stays(tmp_path: Path):
    settings = Settings(home=tmp_path)
    for process in (2_000_000_000, 1):
        (tmp_path / f"{SPILL}{process}").mkdir()
    empty_spill(settings)
    assert [path.name for path in tmp_path.glob(f"{SPILL}*")] == [f"{SPILL}1"]


def test_what_does_not_fit_into_memory_is_encrypted_on_the_disk(tmp_path: Path):
    settings = Settings(home=tmp_path, memory_limit="60MB", threads=1)
    with Warehouse.from_settings(settings).write(is_private=True) as connection:
        connection.execute("create temp table a as select 'jane' || i || '@example.com' as e from range(3000000) t(i)")
        files = [path for path in settings.spill_dir.rglob("*") if path.is_file()]
        content = b"".join(path.read_bytes() for path in files)
        assert len(content) > 1_000_000
        assert b"example.com" not in content
    assert duckdb.connect(str(settings.warehouse_path)).execute("select 1").fetchone() == (1,)
