import duckdb
import pytest

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.privacy.keys import read_keys
from dmp_assets.privacy.vault import add_identifiers
from dmp_assets.runs.made import changed_since_made, made_by, made_file, record_made, refuse_damage


@pytest.fixture
def settings(tmp_path):
    settings = Settings(home=tmp_path)
    execute(
        settings,
        "create schema marts; create table marts.orders as select 1 as a; create view marts.v as select 1 as b",
    )
    (settings.published_dir / "versions" / "1" / "tables").mkdir(parents=True)
    (settings.published_dir / "versions" / "1" / "tables" / "orders.parquet").write_bytes(b"rows")
    (settings.published_dir / "tables").symlink_to("versions/1/tables")
    (settings.published_dir / "report.html").write_text("report")
    record_made(settings, "run")
    return settings


def execute(settings, sql):
    with duckdb.connect(settings.warehouse_path) as connection:
        connection.execute(sql)


def test_nothing_changed_where_all_is_as_it_was_made(settings):
    assert made_by(settings) == "run"
    assert list(changed_since_made(settings)) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("delete from marts.orders", "The table marts.orders has 0 rows, and the last build made 1"),
        ("drop table marts.orders", "The table marts.orders is missing"),
        ("drop view marts.v", "The table marts.v is missing"),
        ("alter table marts.orders add column c int", "The table marts.orders has other columns"),
        ("alter table marts.orders alter a type varchar", "The table marts.orders has other columns"),
    ],
)
def test_a_table_that_is_not_as_it_was_made_is_named(settings, change, words):
    execute(settings, change)
    (told,) = changed_since_made(settings)
    assert words in told


def test_a_missing_or_cut_published_file_is_named(settings):
    (settings.published_dir / "report.html").unlink()
    (settings.published_dir / "tables" / "orders.parquet").write_bytes(b"ro")
    told = list(changed_since_made(settings))
    assert told == [
        "The published file report.html is missing.",
        "The published file tables/orders.parquet has 2 bytes, and the last build wrote 4.",
    ]


def test_a_missing_warehouse_is_named_and_a_cut_record_is_none(settings):
    settings.warehouse_path.unlink()
    assert "is missing" in next(changed_since_made(settings))
    made_file(settings).write_text('{"run_id": "r')
    assert made_by(settings) is None


@pytest.mark.parametrize("length", [0, 10, 5000, 200_000])
def test_a_cut_warehouse_stops_a_build_with_the_way_out(settings, length):
    settings.warehouse_path.write_bytes(settings.warehouse_path.read_bytes()[:length])
    with pytest.raises(UserError, match=r"warehouse\.duckdb is damaged .*put back a copy.*dmp build"):
        refuse_damage(settings)


def test_a_damaged_vault_and_a_wrong_key_are_told_apart(settings):
    keys = read_keys(settings)
    found = [
        ("web", f"u{n}", None, "email", f"jane{n}@example.com", f"{n:032x}", "2026-01-01T00:00:00Z")
        for n in range(5000)
    ]
    add_identifiers(settings, keys, found)
    refuse_damage(settings)
    other = settings.model_copy(update={"vault_key": Settings(vault_key="x" * 40).vault_key})
    with pytest.raises(UserError, match="cannot be opened with the key from DMP_VAULT_KEY"):
        refuse_damage(other)
    content = settings.vault_path.read_bytes()
    for damaged in (content[:100], content[:60_000], content[: len(content) // 2], b"x" * len(content)):
        settings.vault_path.write_bytes(damaged)
        with pytest.raises(UserError, match=r"vault\.duckdb is damaged: put back a copy"):
            refuse_damage(settings)


def test_a_warehouse_that_another_process_has_open_is_no_damage(settings):
    import subprocess
    import sys

    code = f"import duckdb; c = duckdb.connect({str(settings.warehouse_path)!r}); print('open', flush=True); input()"
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout
    holder.stdout.readline()
    refuse_damage(settings)
    holder.communicate("\n")
