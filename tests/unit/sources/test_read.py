import gzip
import zipfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.platform.errors import UserError
from dmp_assets.sources.declare import PLACE_COLUMNS
from dmp_assets.sources.read import DamagedFileError, column_names, files_at, read_file

HEADER = "用户ID,购买金额\n"


def arrived(connection) -> list[tuple]:
    return connection.execute("from arrived order by _row").fetchall()


def unread(connection) -> list[tuple]:
    return connection.execute("from unread order by _row").fetchall()


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ((HEADER + "u1,1.50\n").encode(), {}),
        ((HEADER + "u1,1.50\r\n").encode("utf-8-sig"), {}),
        ((HEADER + "u1,1.50\n").encode("gbk"), {"encoding": "gb18030"}),
        ((HEADER + "u1,1.50").encode("utf-16"), {"encoding": "utf-16"}),
        (gzip.compress((HEADER + "u1,1.50\n").encode(), mtime=0), {}),
        ((HEADER + '"u1",1.50\n').encode(), {}),
        ((HEADER + "u1\0,1.50\n").encode(), {}),
        ((HEADER + "u1,1.50\n").replace(",", ";").encode(), {"delimiter": ";"}),
    ],
)
def test_a_csv_file_is_read_however_it_is_written(connection, tmp_path: Path, rule_of, content, rule):
    file = tmp_path / ("a.csv.gz" if content[:2] == b"\x1f\x8b" else "a.csv")
    file.write_bytes(content)
    read_file(connection, file, rule_of(**rule))
    assert [name for name, *_ in connection.execute("describe arrived").fetchall()] == ["_row", "用户ID", "购买金额"]
    assert arrived(connection) == [(2, "u1", "1.50")]


def test_lines_that_are_no_row_are_kept_with_their_place_and_the_others_keep_theirs(
    connection, tmp_path: Path, rule_of
):
    file = tmp_path / "a.csv"
    file.write_bytes(b'a,b\nx\n1,2\n1,2,3\n\xff,2\n3,4\n5,"6\n')
    read_file(connection, file, rule_of())
    assert arrived(connection) == [(3, "1", "2"), (6, "3", "4")]
    assert [(row, reason) for row, reason, _ in unread(connection)] == [
        (2, "missing_columns"),
        (4, "too_many_columns"),
        (5, "invalid_encoding"),
        (7, "unclosed_quote"),
    ]
    assert unread(connection)[1][2] == "1,2,3"


rows = st.lists(st.sampled_from(["1,2", "x", "1,2,3", "y,z"]), max_size=30)


@given(rows)
def test_every_line_is_read_or_kept_at_its_place(tmp_path_factory, lines):
    from dmp_assets.sources.declare import LoadRule

    file = tmp_path_factory.mktemp("csv") / "a.csv"
    file.write_text("a,b\n" + "".join(line + "\n" for line in lines))
    with duckdb.connect() as connection:
        read_file(connection, file, LoadRule(location="x", format="csv", contract="order_lines"))
        places = {row: ",".join(values) for row, *values in arrived(connection)}
        places |= {row: line for row, _, line in unread(connection)}
    assert places == dict(enumerate(lines, start=2))


def test_a_file_alone_in_an_archive_is_read_and_several_are_told(connection, tmp_path: Path, rule_of):
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("folder/Orders.CSV", "a,b\n1,2\n")
        archive.writestr("__MACOSX/._Orders.CSV", "x")
    assert list(files_at(str(tmp_path), "csv")) == ["a.zip"]
    read_file(connection, file, rule_of())
    assert arrived(connection) == [(2, "1", "2")]
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("more.csv", "a,b\n")
    with pytest.raises(DamagedFileError, match="holds 2 files"):
        read_file(connection, file, rule_of())
    broken = tmp_path / "b.csv.zip"
    broken.write_bytes(file.read_bytes()[:-30])
    assert list(files_at(str(tmp_path), "csv")) == ["b.csv.zip"], "told when it is loaded"
    with pytest.raises(DamagedFileError, match="cut off"):
        read_file(connection, broken, rule_of())


def test_a_file_without_a_line_has_no_rows(connection, tmp_path: Path, rule_of):
    file = tmp_path / "a.csv"
    file.write_text("")
    read_file(connection, file, rule_of())
    assert arrived(connection) == []


@pytest.mark.parametrize(
    ("name", "content", "rule", "reason"),
    [
        ("a.csv", HEADER.encode("gbk"), {}, "not in the encoding utf-8"),
        ("a.csv", (HEADER + "u1,1\n").encode(), {"encoding": "ascii"}, "not in the encoding ascii"),
        ("a.csv.gz", gzip.compress(HEADER.encode() * 9999, mtime=0)[:-20], {}, "end-of-stream"),
        ("a.jsonl.gz", b"\x1f\x8b broken", {"format": "jsonl"}, "."),
        ("a.parquet", b"PAR1", {"format": "parquet"}, "Parquet"),
    ],
)
def test_a_damaged_file_is_told_from_an_empty_one(connection, tmp_path: Path, rule_of, name, content, rule, reason):
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises((DamagedFileError, EOFError, OSError, duckdb.Error), match=reason):
        read_file(connection, file, rule_of(**rule))


def test_json_lines_give_a_column_for_every_key_and_keep_what_is_no_object(connection, tmp_path: Path, rule_of):
    file = tmp_path / "a.jsonl"
    file.write_text('{"a": 1, "b": "x, \\"y\\""}\nno json\n\n[1]\n{"b": null, "购买": {"c": [1]}}\n', encoding="utf-8")
    read_file(connection, file, rule_of(format="jsonl"))
    assert [name for name, *_ in connection.execute("describe arrived").fetchall()] == ["_row", "a", "b", "购买"]
    assert arrived(connection) == [(1, "1", 'x, "y"', None), (5, None, None, '{"c":[1]}')]
    assert unread(connection) == [(2, "not_json", "no json"), (4, "not_json", "[1]")]


def test_parquet_keeps_its_types_and_nested_values_are_json(connection, tmp_path: Path, rule_of):
    file = tmp_path / "a.parquet"
    connection.execute(
        f"copy (select 1::decimal(10, 2) as amount, date '2024-01-02' as day, {{'k': [1]}} as more, 'x' as _dlt_id) "
        f"to '{file}'"
    )
    read_file(connection, file, rule_of(format="parquet"))
    kinds = {name: kind for name, kind, *_ in connection.execute("describe arrived").fetchall()}
    assert kinds == {"_row": "BIGINT", "amount": "DECIMAL(10,2)", "day": "DATE", "more": "VARCHAR"}
    assert arrived(connection)[0][0] == 1
    assert arrived(connection)[0][3] == '{"k":[1]}'


@given(st.lists(st.text(max_size=4), max_size=12))
def test_column_names_are_never_empty_repeated_or_the_loads_own(header):
    names = column_names(header)
    assert len(names) == len(header)
    assert len({name.lower() for name in names} | {*PLACE_COLUMNS}) == len(names) + len(PLACE_COLUMNS)
    assert all(names)


def test_files_of_a_folder_are_found_with_what_is_below_it_and_hidden_ones_are_not(tmp_path: Path):
    for name in ("b.csv", "a.csv.gz", "sub/c.csv", ".d.csv", "_e.csv", "f.parquet"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.touch()
    assert list(files_at(str(tmp_path), "csv")) == ["a.csv.gz", "b.csv", "sub/c.csv"]
    assert list(files_at(f"{tmp_path}/*.parquet", "parquet")) == ["f.parquet"]
    with pytest.raises(UserError, match="There is no file at"):
        files_at(str(tmp_path / "nothing.csv"), "csv")
