import gzip
import json
from pathlib import Path

import pytest

from dmp_assets.onboarding import recognise as recognising
from dmp_assets.onboarding.inspection import inspect
from dmp_assets.onboarding.recognise import Reading, guess_delimiter, guess_encoding, header_at
from dmp_assets.platform.errors import UserError
from tests.unit.workbook import write_workbook


def look(file: Path, content: str | bytes, **said):
    """Return what is found of a file with this content."""
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    (found,) = inspect(str(file), Reading(**said))
    return found


def names(found) -> list[str]:
    return [column.name for column in found.columns]


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("gbk", "gb18030"), ("utf-16", "utf-16")],
)
def test_the_encoding_is_found(tmp_path: Path, encoding, expected):
    found = look(
        tmp_path / "a.csv",
        ("用户ID,商品ID,购买时间,购买金额\n" + "用户甲,商品乙,2024-01-01,1.50\n" * 20).encode(encoding),
    )
    assert found.rule.encoding == expected
    assert names(found) == ["用户ID", "商品ID", "购买时间", "购买金额"]
    assert f"read as {expected}, it has words such as" in found.notes[0]


def test_a_character_cut_by_the_end_of_the_sample_is_no_other_encoding(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(recognising, "_SAMPLE_BYTES", 10)
    file = tmp_path / "a.csv"
    file.write_text("用户编号,商品\n", encoding="utf-8")
    assert guess_encoding(file) == "utf-8"


def test_accents_after_the_first_megabyte_tell_the_encoding(tmp_path: Path):
    found = look(
        tmp_path / "a.csv.gz", gzip.compress(b"id,name\n" + b"1,Smith\n" * 200_000 + "2,João\n3,x\n".encode("cp1252"))
    )
    assert found.rule.encoding == "cp1252"
    assert found.notes == ("read as cp1252, it has words such as João",)


def test_one_wrong_byte_costs_its_line_and_the_file_stays_utf_8(tmp_path: Path):
    found = look(tmp_path / "a.csv", "id,name\n1,Müsli\n".encode() + b"2,M\xfcsli\n" + "3,Öl\n".encode())
    assert found.rule.encoding == "utf-8"
    assert found.notes[-1] == "no rows, so they go to quarantine: 1 invalid_encoding"


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1,5;2,5\n", ";"),
        ("a\tb\tc\n1\tx, y\t2,5\n", "\t"),
        ('a|b\n1|"x|y"\n', "|"),
        ("one column\n1\n", ","),
    ],
)
def test_the_delimiter_is_found(text, delimiter):
    assert guess_delimiter(text.splitlines(keepends=True)) == delimiter


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["id", "day", "amount"], ["1", "2024-01-02", "1.50"]], (0, 0)),
        ([["Sales"], ["Period:", "March"], ["id", "day", "sku", "amount"], ["1", "2024-01-02", "a", "1"]], (2, 2)),
        ([["Report", "", "", ""], ["id", "day", "sku", "amount"], ["1", "2024-01-02", "a", ""]], (1, 1)),
        ([["1", "268", "pv", "1511544070"], ["1", "269", "pv", "1511544071"]], (None, 0)),
        ([["u1", "2024-01-02", "1.50"], ["u2", "today", "none"]], (None, 0)),
        ([["customer", "2023", "2024"], ["u1", "5", "6"]], (None, 0)),
        ([["a@b.example", "apple"], ["c@d.example", "pear"]], (None, 0)),
        ([["id", "amount", "note"], ["1", "2", ""], ["2", "3", ""]], (0, 0)),
        ([["id"], ["1"]], (0, 0)),
        (
            [
                ["# shop, all", "of March", "x"],
                ["id", "sku", "name", "day", "amount"],
                ["1", "a", "b", "2024-01-02", "1"],
            ],
            (1, 1),
        ),
        ([["anna", "apple", "buy"], ["ben", "pear", "buy"]], (None, 0)),
        ([["u1", "p7", "view"], ["u22", "p8", "buy"]], (None, 0)),
        ([["Address1", "Address2"], ["Main Street 5", "Berlin"]], (0, 0)),
        ([["id", "name"], ["1", "x"], ["id", "name"], ["2", "y"]], (0, 0)),
    ],
)
def test_the_header_is_the_first_full_row_of_names(rows, expected):
    assert header_at(list(enumerate(rows, start=1))) == expected


def test_a_first_line_of_data_is_never_taken_for_names(tmp_path: Path):
    content = "1,2268318,pv,1511544070\n2,3827899,buy,1511679475\n"
    file = tmp_path / "UserBehavior.csv"
    with pytest.raises(UserError, match=r"no line names the columns; line 1 is data \(1, 2268318, pv, 1511544070\)"):
        look(file, content)
    found = look(file, content, has_header=False)
    assert (found.rule.names, found.rule.skip) == (["column_1", "column_2", "column_3", "column_4"], 0)
    assert found.columns[0].examples == ("1", "2")
    found = look(file, content, names=["user", "item", "behavior", "at"])
    assert names(found) == ["user", "item", "behavior", "at"]
    with pytest.raises(UserError, match="--columns: 2 names for 4 columns"):
        look(file, content, names=["user", "item"])
    (found,) = inspect(str(file), ask=lambda question, choices: "user, item, behavior, at")
    assert found.rule.names == ["user", "item", "behavior", "at"]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"sheet": "Sales"}, "--sheet is for xlsx; the location is csv"),
        ({"explode": ["lines"]}, "--explode is for jsonl and json"),
        ({"header_row": 2, "names": ["a"]}, "--columns and --no-header say that there is none"),
    ],
)
def test_what_is_said_and_means_nothing_is_an_error(tmp_path: Path, said, message):
    with pytest.raises(UserError, match=message):
        look(tmp_path / "a.csv", "a,b\n1,2\n", **said)
    with pytest.raises(UserError, match=r"--sheet is for xlsx; the location is database"):
        inspect("sqlite:////nowhere/shop.db", Reading(sheet="x"))


def test_what_stands_before_the_header_is_told_and_not_read(tmp_path: Path):
    found = look(tmp_path / "a.csv", 'sep=;\r\n"Kunde";"Betrag\r\n(EUR)"\r\n1;1,50\r\n2;2,00\r\n')
    assert (found.rule.delimiter, found.rule.skip) == (";", 1)
    assert names(found) == ["Kunde", "Betrag (EUR)"]
    assert found.notes == ("line 1 is before the header and not read",)
    found = look(tmp_path / "b.csv", "Sales\nPeriod: March\n\nid,day,amount\n1,2024-01-02,1.50\nTotal,,1.50\n")
    assert names(found) == ["id", "day", "amount"]
    assert found.notes == (
        "lines 1 to 3 are before the header and not read",
        "no rows, so they go to quarantine: 1 totals_row",
    )
    assert names(look(tmp_path / "c.csv", "2023,2024\n1,2\n", header_row=1)) == ["2023", "2024"]


TABLE = [("id", "amount"), (1, 1.5), (2, 2.5)]


def test_the_sheet_that_looks_like_a_table_is_found_and_several_are_a_question(tmp_path: Path):
    file = tmp_path / "a.xlsx"
    write_workbook(
        file, {"Notes": [("read me",), ("first",)], "Sales": [("Sales of March",), (), *TABLE, ("Total", 4)]}
    )
    (found,) = inspect(str(file))
    assert (found.rule.sheet, found.rule.skip, names(found)) == ("Sales", 2, ["id", "amount"])
    assert found.notes[:2] == ("sheet Sales is read (Notes is not)", "rows 1 to 2 are before the header and not read")
    write_workbook(file, {"2023": TABLE, "2024": TABLE})
    with pytest.raises(UserError, match=r"several sheets that look like a table.*--sheet \(2023, 2024; "):
        inspect(str(file))
    assert inspect(str(file), Reading(sheet="2024"))[0].rule.sheet == "2024"
    assert inspect(str(file), ask=lambda question, choices: choices[1])[0].rule.sheet == "2024"
    (found,) = inspect(str(file), Reading(sheet="20*"))
    assert (found.rule.sheet, found.notes) == ("20*", ("sheet 2023, 2024 is read",))
    write_workbook(file, {"Notes": [("read me",)]})
    with pytest.raises(UserError, match=r"no sheet looks like a table \(there are Notes\)"):
        inspect(str(file))


ORDER = {"id": 1, "customer": {"id": 7}, "line_items": [{"sku": "a"}]}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.json", json.dumps([ORDER, ORDER]), ("json", None)),
        ("a.json", json.dumps([ORDER], indent=2), ("json", None)),
        ("a.json", json.dumps({"has_more": False, "data": [ORDER]}), ("json", "data")),
        ("a.json", json.dumps({"data": {"orders": [ORDER]}}, indent=1), ("json", "data.orders")),
        ("a.json", json.dumps(ORDER) + "\n" + json.dumps(ORDER) + "\n", ("jsonl", None)),
        ("a.json", json.dumps(ORDER), ("jsonl", None)),
        ("a.json", json.dumps(ORDER, indent=1), ("json", None)),
        ("a.jsonl", json.dumps(ORDER), ("jsonl", None)),
    ],
)
def test_json_is_recognised_as_lines_or_as_a_document_with_its_records(tmp_path: Path, name, content, expected):
    found = look(tmp_path / name, content)
    assert (found.rule.format, found.rule.records) == expected
    assert names(found)[-1] == "line_items"
    assert ("customer_id" in names(found)) is (expected[0] == "json"), "a document's objects become columns"


def test_several_lists_of_records_are_a_question_and_nested_ones_are_told(tmp_path: Path):
    file = tmp_path / "a.json"
    content = json.dumps({"orders": [ORDER], "returns": [ORDER]})
    with pytest.raises(UserError, match=r"Say it with --records \(one of orders, returns\)"):
        look(file, content)
    found = look(file, content, records="orders")
    assert found.notes == ("lists in a record stay JSON text (line_items); --explode makes a row of each entry",)
    found = look(file, content, records="orders", explode=["line_items"])
    assert names(found) == ["customer_id", "id", "line_items_sku"]
