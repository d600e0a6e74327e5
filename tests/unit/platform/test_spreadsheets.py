import csv
import io

import duckdb
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.platform.spreadsheets import with_formulas, without_formulas


def test_a_text_that_a_spreadsheet_would_run_is_a_text_and_a_number_stays_one():
    cells = ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\tx", "\r=x", "'=x", "-5.20", "+49", "1e5", "Milk", "", None]
    shown = without_formulas(pd.DataFrame({"text": cells, "number": [-1.5] * len(cells)}))
    assert shown["text"].tolist()[:7] == ["'=1+1", "'+cmd", "'-2+3", "'@SUM(A1)", "'\tx", "'\r=x", "''=x"]
    assert shown["text"].tolist()[7:] == cells[7:]
    assert shown["number"].tolist() == [-1.5] * len(cells)


@given(st.lists(st.text("'=+-@\t a1", max_size=5), min_size=1, max_size=5))
def test_what_was_written_comes_back_as_it_was(cells: list[str]):
    shown = without_formulas(pd.DataFrame({"a": cells}))
    text = shown.to_csv(index=False)
    read = [row["a"] for row in csv.DictReader(io.StringIO(text), skipinitialspace=False)] if text else []
    with duckdb.connect() as connection:
        connection.execute("create temp table t (a varchar)")
        connection.executemany("insert into t values (?)", [[cell] for cell in shown["a"]])
        with_formulas(connection, "t")
        assert [cell for (cell,) in connection.execute("select a from t").fetchall()] == cells
    assert len(read) <= len(cells)
