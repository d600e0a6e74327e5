from pathlib import Path

import pytest

from dmp_assets.sources.delimited import DamagedFileError
from dmp_assets.sources.sheets import sheet_names, sheet_rows
from tests.unit.workbook import Cell, write_workbook

DAY_AND_TIME, SIX_DIGITS, DAY = 1, 2, 3


def rows(folder: Path, *cells: tuple[Cell, ...], merged: tuple[str, ...] = ()) -> list[tuple[int, list[str]]]:
    file = write_workbook(folder / "a.xlsx", {"Sales": cells}, {"Sales": merged})
    return list(sheet_rows(file, "Sales"))


def test_cells_are_texts_as_the_sheet_shows_them(tmp_path: Path):
    found = rows(
        tmp_path,
        ("id", "article", "sold", "day", "amount"),
        ((123, SIX_DIGITS), "007", (45717.4, DAY_AND_TIME), (45732, DAY), 19.98),
        ((4567, SIX_DIGITS), 12345.0, (45720.99998842592, DAY_AND_TIME), (45732, DAY), 0.1 + 0.2),
        (123456789012345.0, "1.0", (45717.000005787, DAY_AND_TIME), None, -9.99),
    )
    assert found == [
        (1, ["id", "article", "sold", "day", "amount"]),
        (2, ["000123", "007", "2025-03-01 09:36:00", "2025-03-16", "19.98"]),
        (3, ["004567", "12345", "2025-03-04 23:59:59", "2025-03-16", "0.3"]),
        (4, ["123456789012345", "1.0", "2025-03-01 00:00:00.500", "", "-9.99"]),
    ]


def test_empty_rows_are_none_and_the_others_keep_their_numbers(tmp_path: Path):
    assert rows(tmp_path, (), (None, "a", "b"), (), (None, 1, 2)) == [(2, ["", "a", "b"]), (4, ["", "1", "2"])]


def test_what_is_merged_over_rows_stands_in_each_of_them(tmp_path: Path):
    found = rows(
        tmp_path,
        ("Sales of March", None, None),
        ("customer", "article", "amount"),
        ("u1", "a", 1),
        (None, "b", 2),
        ("u2", "c", 3),
        merged=("A1:C1", "A3:A4"),
    )
    assert found[0] == (1, ["Sales of March", "", ""])
    assert [cells[0] for _, cells in found[2:]] == ["u1", "u1", "u2"]


def test_a_file_that_is_no_workbook_and_a_sheet_that_is_not_there_are_told(tmp_path: Path):
    file = tmp_path / "a.xlsx"
    file.write_bytes(b"PK no workbook")
    with pytest.raises(DamagedFileError, match="cannot be opened as a workbook"):
        sheet_names(file)
    write_workbook(file, {"Notes": [("x",)], "Sales": [("a",)]})
    assert sheet_names(file) == ["Notes", "Sales"]
    with pytest.raises(DamagedFileError, match="no sheet Sale; there are Notes, Sales"):
        list(sheet_rows(file, "Sale"))
