import pandas as pd
import pytest

from dmp_assets.platform.history import History, add_to_history, latest_before, stored
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse

TABLE = "clusters.centres"
EVERYTHING = History()


@pytest.fixture
def warehouse(tmp_path) -> Warehouse:
    return Warehouse.from_settings(Settings(home=tmp_path, threads=1))


def day(number: int) -> pd.Timestamp:
    return pd.to_datetime(f"2018-01-{number:02d}")


def rows(*days: int, value: int = 0, target: str = "churn") -> pd.DataFrame:
    dates = pd.to_datetime([day(number) for number in days]).as_unit("us")
    return pd.DataFrame({"value": value, "target": pd.Series(target, dates, dtype=object).array, "as_of_on": dates})


def add(warehouse: Warehouse, frame: pd.DataFrame, history: History = EVERYTHING) -> list[tuple]:
    """Add rows and return what the table then holds, as day, target and value."""
    with warehouse.write() as connection:
        add_to_history(connection, TABLE, frame, {"value": "a number"}, history)
        query = f"select day(as_of_on), target, value from {TABLE} order by all"
        return connection.execute(query).fetchall()


def test_a_date_is_replaced_and_the_others_are_kept(warehouse: Warehouse) -> None:
    add(warehouse, rows(1))
    add(warehouse, rows(2, 2, value=1))
    add(warehouse, rows(3, value=2))
    assert add(warehouse, rows(2, value=9)) == [(1, "churn", 0), (2, "churn", 9), (3, "churn", 2)]
    assert add(warehouse, rows(2, value=9)) == [(1, "churn", 0), (2, "churn", 9), (3, "churn", 2)]


def test_rows_are_replaced_by_the_columns_that_are_named(warehouse: Warehouse) -> None:
    by = History(by=("as_of_on", "target"))
    add(warehouse, pd.concat([rows(1), rows(1, target="value")]), by)
    assert add(warehouse, rows(1, value=9), by) == [(1, "churn", 9), (1, "value", 0)]


def test_what_is_too_old_is_dropped_counted_from_the_new_rows(warehouse: Warehouse) -> None:
    add(warehouse, pd.concat([rows(1), rows(2), rows(30)]))
    ten_days = History(days=10)
    assert [on for on, *_ in add(warehouse, rows(11), ten_days)] == [1, 2, 11, 30]
    assert [on for on, *_ in add(warehouse, rows(12), ten_days)] == [2, 11, 12, 30]


def test_no_rows_change_nothing(warehouse: Warehouse) -> None:
    assert add(warehouse, rows()) == []
    add(warehouse, rows(1))
    assert add(warehouse, rows(), History(days=1)) == [(1, "churn", 0)]


def test_a_table_of_an_older_version_begins_anew_and_says_so(
    warehouse: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    with warehouse.write() as connection:
        connection.execute(
            f"create schema clusters; create table {TABLE} as select 1 as value, date '2018-01-01' as as_of_on"
        )
    assert add(warehouse, rows(2)) == [(2, "churn", 0)]
    assert f"{TABLE} has the columns of an older version" in caplog.text


def test_columns_keep_their_types_and_descriptions(warehouse: Warehouse) -> None:
    add(warehouse, rows(1))
    add(warehouse, rows(2).assign(target=pd.Series([None], dtype=object)))
    with warehouse.read() as connection:
        found = connection.execute(
            "select column_name, data_type, comment from duckdb_columns() where schema_name = 'clusters' order by 1"
        ).fetchall()
    assert found == [("as_of_on", "DATE", None), ("target", "VARCHAR", None), ("value", "BIGINT", "a number")]


def test_the_latest_earlier_date_is_found_and_a_rerun_does_not_see_itself(warehouse: Warehouse) -> None:
    add(warehouse, pd.concat([rows(1), rows(2, 2, value=7), rows(3), rows(4)]))
    found = latest_before(warehouse, TABLE, day(3))
    assert found is not None
    assert found["value"].tolist() == [7, 7]
    assert latest_before(warehouse, TABLE, day(1)) is None


def test_before_the_first_run_there_is_nothing(warehouse: Warehouse) -> None:
    with warehouse.write():
        pass
    assert stored(warehouse, TABLE) is None
    assert latest_before(warehouse, TABLE, day(3)) is None
