from pathlib import Path

import orjson
import pytest

from dmp_assets.collector.archive import refuse_lost_warehouse, restore_archive, set_aside
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.warehouse import table_hashes
from tests.unit.collector.test_load import Platform, an_event, line


@pytest.fixture
def loaded(tmp_path: Path) -> Platform:
    platform = Platform(tmp_path)
    traits = {"email": "Jane@example.com", "phone": "+49 170 1234567", "name": "Jane", "plan": "gold"}
    consent = {"consent": {"categoryPreferences": {"email": True}}, "ip": "203.0.113.7"}
    platform.seal(
        line(an_event("m1", userId="jane@example.com", traits=traits, context=consent)),
        line(
            an_event("m2", properties={"url": "https://x.test/?e=jane%40example.com", "json": '{"email": "j@x.com"}'})
        ),
        line(reason="no_user_anon_id", raw=orjson.dumps({"traits": traits}).decode()),
        line(reason="too_deep", raw='{"email": "jane@example.com", cut'),
    )
    platform.seal(b'{"source": 1}', line(an_event("m3")))
    platform.load()
    return platform


def hashes(platform: Platform) -> dict[str, str]:
    with platform.warehouse.read() as connection:
        return table_hashes(connection)


def test_a_warehouse_that_is_lost_is_made_again_from_the_archive_with_the_same_rows(loaded: Platform):
    before = hashes(loaded)
    rows = loaded.rows()
    assert [bool(row["email_token"]) for row in rows] == [True, True, False]
    assert set_aside(loaded.settings.warehouse_path) == loaded.settings.home / "warehouse.duckdb.before"
    assert restore_archive(loaded.settings) == 2
    loaded.load()
    assert hashes(loaded) == before
    assert {name for name in before if not before[name].startswith("0:")} == {
        "raw._loads",
        "raw.events",
        "raw.rejected_events",
    }
    refuse_lost_warehouse(loaded.settings)


def test_events_of_two_builds_are_made_again_as_one_load_had_them(loaded: Platform):
    """What came in two loads, an event that was sent again among it, is the same after one."""
    loaded.seal(line(an_event("m1", userId="jane@example.com")), line(an_event("m4", traits={"phone": "0170 1234567"})))
    loaded.load()
    before = hashes(loaded)
    assert before["raw.events"].startswith("5:")
    for _ in range(2):  # and what was made again can be again
        set_aside(loaded.settings.warehouse_path)
        assert restore_archive(loaded.settings) == 3
        loaded.load()
        assert hashes(loaded) == before


def test_a_lost_or_older_warehouse_beside_a_full_archive_is_refused_with_the_way_out(loaded: Platform):
    loaded.settings.warehouse_path.rename(loaded.settings.home / "older.duckdb")
    with pytest.raises(UserError, match=r"is gone.*2 of 2 segments.*dmp rebuild --from-archive"):
        loaded.load()
    (loaded.settings.home / "older.duckdb").rename(loaded.settings.warehouse_path)
    with loaded.warehouse.write() as connection:
        connection.execute("delete from raw._loads where file_name = (select max(file_name) from raw._loads)")
    with pytest.raises(UserError, match=r"is older than the events.*1 of 2 segments"):
        refuse_lost_warehouse(loaded.settings)
