import subprocess
import sys

import duckdb
import pandas as pd
import pytest

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse, replace_table, table_hashes


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse.from_settings(Settings(home=tmp_path, lock_timeout_seconds=0.3, threads=1))


def numbers(*values):
    return pd.DataFrame({"n": values, "seen_on": pd.Timestamp("2017-05-01")})


def test_a_failed_write_leaves_the_previous_version(warehouse):
    with warehouse.write() as connection:
        replace_table(connection, "marts.t", numbers(1, 2), {"n": "a number"})
    with pytest.raises(ZeroDivisionError), warehouse.write() as connection:
        replace_table(connection, "marts.t", numbers(3), {})
        _ = 1 / 0
    with warehouse.read() as connection:
        assert connection.execute("select n from marts.t order by n").fetchall() == [(1,), (2,)]


def test_dates_are_stored_as_dates_and_columns_keep_their_description(warehouse):
    with warehouse.write() as connection:
        replace_table(connection, "marts.t", numbers(1), {"n": "the analyst's number"})
    with warehouse.read() as connection:
        columns = connection.execute(
            "select column_name, data_type, comment from duckdb_columns() where table_name = 't' order by all"
        ).fetchall()
    assert columns == [("n", "BIGINT", "the analyst's number"), ("seen_on", "DATE", None)]


def test_reading_does_not_write(warehouse):
    with warehouse.write() as connection:
        connection.execute("create table t as select 1 as n")
    with warehouse.read() as connection, pytest.raises(duckdb.InvalidInputException, match="read-only"):
        connection.execute("insert into t values (2)")


def test_a_missing_warehouse_says_how_to_build_it(warehouse):
    with pytest.raises(UserError, match="dmp build"), warehouse.read():
        pass


def test_a_locked_warehouse_names_who_holds_it(warehouse):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import duckdb; c = duckdb.connect({warehouse.database!r}); print('open', flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        with (
            pytest.raises(UserError, match=rf"locked by another process.*PID {holder.pid}.*published\.duckdb"),
            warehouse.write(),
        ):
            pass
    finally:
        holder.communicate(b"\n")


def test_a_file_that_is_no_database_is_reported_with_its_name(warehouse, tmp_path):
    (tmp_path / "warehouse.duckdb").write_bytes(b"not a database" * 1000)
    with pytest.raises(UserError, match=r"warehouse\.duckdb is damaged.*dmp build"), warehouse.write():
        pass


def test_the_hash_ignores_the_order_of_rows_and_load_times_but_no_value(warehouse):
    def hash_of(sql):
        with warehouse.write() as connection:
            connection.execute(f"create or replace table t as {sql}")
            return table_hashes(connection)["main.t"]

    first = hash_of("select * from (values (1, 'a', 10), (2, null, 20)) v(n, s, _loaded_at)")
    assert first == hash_of("select * from (values (2, null, 99), (1, 'a', 98)) v(n, s, _loaded_at)")
    assert first != hash_of("select * from (values (2, null, 20), (1, 'b', 10)) v(n, s, _loaded_at)")
    assert first != hash_of("select * from (values (1, 'a', 10), (2, null, 20), (2, null, 20)) v(n, s, _loaded_at)")


def test_text_stays_text_without_any_value(warehouse):
    empty = pd.DataFrame({"name": pd.Series([], dtype=object), "count": pd.Series([], dtype="int64")})
    nulls = pd.DataFrame({"name": pd.Series([None, None], dtype=object), "count": [1, 2]})
    for frame in (empty, nulls):
        with warehouse.write() as connection:
            replace_table(connection, "profiles.names", frame, {})
            types = connection.execute("select data_type from duckdb_columns() where table_name = 'names'").fetchall()
        assert types == [("VARCHAR",), ("BIGINT",)]


def test_tables_are_counted_and_found_by_their_full_name_and_views_are_none(warehouse):
    with warehouse.write() as connection:
        connection.execute(
            "create schema marts; create table marts.empty (n int); create view marts.seen as select 1 as n"
        )
        replace_table(connection, "profiles.filled", numbers(1, 2), {})
    assert warehouse.row_counts() == {"marts.empty": 0, "profiles.filled": 2}
    found = {name: warehouse.has_table(name) for name in ("marts.empty", "profiles.filled", "marts.seen", "empty")}
    assert found == {"marts.empty": True, "profiles.filled": True, "marts.seen": False, "empty": False}


def test_a_warehouse_without_tables_has_none_to_count(warehouse):
    with warehouse.write():
        pass
    assert warehouse.row_counts() == {}
    assert not warehouse.has_table("marts.t")
