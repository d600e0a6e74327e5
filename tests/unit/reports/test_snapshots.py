import duckdb
import pytest

from dmp_assets.reports.snapshots import publish_snapshots


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        connection.execute(
            "create schema marts; create table marts.t as select 1 as n; create table marts.u as select 2 as n"
        )
        yield connection


def test_each_table_becomes_a_file_and_old_files_go(connection, tmp_path):
    folder = tmp_path / "tables"
    assert publish_snapshots(connection, ["marts.t", "marts.u"], folder) == {"marts.t": 1, "marts.u": 1}
    publish_snapshots(connection, ["marts.u"], folder)
    assert [path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")] == ["marts/u.parquet"]
    assert connection.execute(f"select n from '{folder}/marts/u.parquet'").fetchall() == [(2,)]
    assert [path.name for path in tmp_path.iterdir()] == ["tables"]


def test_a_failure_keeps_the_previous_set(connection, tmp_path):
    folder = tmp_path / "tables"
    publish_snapshots(connection, ["marts.t"], folder)
    with pytest.raises(duckdb.CatalogException):
        publish_snapshots(connection, ["marts.t", "marts.missing"], folder)
    assert connection.execute(f"select n from '{folder}/marts/t.parquet'").fetchall() == [(1,)]
