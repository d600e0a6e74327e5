"""The macros that withdraw what a source has deleted."""

from pathlib import Path

import duckdb
import pytest

ROWS = """
    select
        key, note, _loaded_at, {{ dmp.is_withdrawn(['key']) }} as is_withdrawn
    from (select *, {{ dmp.is_deleted('deleted_at') }} as is_deleted from given)
"""


@pytest.fixture(scope="module")
def present(run_dbt, tmp_path_factory: pytest.TempPathFactory):
    """Return a function that says which rows of key, load, deleted-at and note are not withdrawn."""
    warehouse: Path = tmp_path_factory.mktemp("withdrawn") / "warehouse.duckdb"
    sql = run_dbt("compile", "--inline", ROWS, warehouse=warehouse).results[0].node.compiled_code

    def present(*rows: tuple[str | None, int, str | None, str]) -> list[str]:
        with duckdb.connect() as connection:
            connection.execute(
                "create table given (key varchar, _loaded_at timestamp, deleted_at varchar, note varchar)"
            )
            for key, load, deleted_at, note in rows:
                connection.execute("insert into given values (?, ?, ?, ?)", [key, f"2024-01-0{load}", deleted_at, note])
            found = connection.execute(f"select note from ({sql}) where not is_withdrawn order by note").fetchall()
        return [note for (note,) in found]

    return present


def test_a_deleted_row_withdraws_the_earlier_rows_of_its_key_and_no_other(present):
    assert present(("a", 1, None, "a1"), ("a", 2, "2024-02-01", "a2"), ("b", 1, None, "b1")) == ["b1"]


def test_a_row_that_came_back_later_counts(present):
    assert present(("a", 1, None, "a1"), ("a", 2, "2024-02-01", "a2"), ("a", 3, None, "a3")) == ["a3"]


def test_a_row_without_a_key_is_left_to_be_rejected(present):
    assert present((None, 1, "2024-02-01", "x"), (None, 2, None, "y")) == ["x", "y"]


@pytest.mark.parametrize("value", [None, "", " ", "0", "false", "False", "f", "no", "N"])
def test_what_says_no_deletes_nothing(present, value):
    assert present(("a", 1, value, "a1")) == ["a1"]


@pytest.mark.parametrize("value", ["2024-02-01 10:00:00", "1", "true", "yes", "1706781600"])
def test_a_time_or_a_yes_deletes(present, value):
    assert present(("a", 1, value, "a1")) == []
