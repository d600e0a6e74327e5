import sqlite3
from pathlib import Path

import duckdb
import pytest

from dmp_assets.onboarding.inspection import inspect
from dmp_assets.platform.errors import UserError


def column_of(folder: Path, *values: str):
    """Return what is found of a column with these values."""
    file = folder / "a.csv"
    file.write_text("id|x\n" + "".join(f"{number}|{value}\n" for number, value in enumerate(values)), encoding="utf-8")
    (found,) = inspect(str(file))
    return found.columns[1]


@pytest.mark.parametrize(
    ("values", "formats"),
    [
        (("2024-01-02 10:00:00", "2024-1-3"), ("iso",)),
        (("2024-01-02T10:00:00Z", "2024-01-02T10:00:00+08:00"), ("offset",)),
        (("2024/01/02 10:00", "2024/12/31 23:59"), ("%Y/%m/%d %H:%M",)),
        (("31.12.2024", "1.2.2024"), ("%d.%m.%Y",)),
        (("31/12/2024 10:00:00", "01/02/2024 10:00:00"), ("%d/%m/%Y %H:%M:%S",)),
        (("12/31/2024", "01/02/2024"), ("%m/%d/%Y",)),
        (("01/02/2024", "03/04/2024"), ("%d/%m/%Y", "%m/%d/%Y")),
        (("2024年1月2日", "2024年12月31日"), ("%Y年%m月%d日",)),
        (("20240102", "20241231"), ("%Y%m%d",)),
        (("2025-03-30T01:59:59+01:00", "2025-03-30 02:30:00", "2025-06-02 00:30:00 UTC"), ("mixed",)),
        (("Mon, 02 Jun 2025 00:30:00 +0200 (CEST)", "2025-06-02 00:30:00 +0530"), ("offset",)),
        (("1/13/2024 1:05 PM", "12/31/2024 11:59 AM"), ("%m/%d/%Y %I:%M %p",)),
        (("Jan 2, 2024", "Dec 31, 2024"), ("%b %d, %Y",)),
    ],
)
def test_the_way_in_which_times_are_written_is_found_and_doubt_is_told(tmp_path: Path, values, formats):
    column = column_of(tmp_path, *values)
    assert (column.guess, column.time_formats) == ("time", formats)


@pytest.mark.parametrize(
    ("values", "marks"),
    [
        (("1", "20"), (".",)),
        (("1.5", "2"), (".",)),
        (("1\u202f234,50", "12,50", "2,000", "3,00"), (",",)),
        (("1'234.50", "$2.00", "EUR 3.00", "4.50-", "(5.00)"), (".",)),
        (("1,234.50", "2"), (".",)),
        (("1,5", "2"), (",",)),
        (("1.234,50", "2"), (",",)),
        (("1,234", "5,678"), (".", ",")),
        (("1.234", "5.678"), (".", ",")),
    ],
)
def test_the_decimal_mark_is_found_and_doubt_is_told(tmp_path: Path, values, marks):
    column = column_of(tmp_path, *values)
    assert (column.guess, column.decimal_marks) == ("number", marks)


def test_counts_since_1970_may_be_times(tmp_path: Path):
    assert column_of(tmp_path, "1704189600", "1704189601").time_formats == ("epoch",)
    assert column_of(tmp_path, "1704189600000").time_formats == ("epoch_ms",)
    assert column_of(tmp_path, "17", "18").time_formats == ()


def test_texts_and_empty_columns_are_told(tmp_path: Path):
    assert column_of(tmp_path, "abc", "1", "2").guess == "text"
    assert column_of(tmp_path, "", "").guess == "empty"


def test_a_folder_of_one_kind_is_one_table_and_of_several_kinds_a_question(tmp_path: Path):
    with duckdb.connect() as connection:
        for name in ("a", "b"):
            connection.execute(
                f"copy (select 1 as customer_id, 2.5::decimal(8, 2) as amount) to '{tmp_path}/{name}.parquet'"
            )
    (found,) = inspect(str(tmp_path))
    assert found.rule.format == "parquet"
    assert [(column.name, column.data_type) for column in found.columns] == [
        ("customer_id", "INTEGER"),
        ("amount", "DECIMAL(8,2)"),
    ]
    (tmp_path / "c.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match=r"several formats \(csv, parquet\)"):
        inspect(str(tmp_path))
    assert inspect(f"{tmp_path}/*.csv")[0].rule.format == "csv"


def test_a_database_is_looked_at_table_by_table(tmp_path: Path):
    file = tmp_path / "shop.db"
    with sqlite3.connect(file) as database:
        database.execute(
            "create table orders (id integer, customer text, sku text, at timestamp, total numeric(10, 2))"
        )
        database.executemany(
            "insert into orders values (?, 'u', 's', '2024-01-02 10:00:00', 1.5)", [(number,) for number in range(3)]
        )
        database.execute("create table other (id integer)")
    with pytest.raises(UserError, match=r"no table tell what it is \(there are orders, other\)"):
        inspect(f"sqlite:///{file}")
    with pytest.raises(UserError, match="has no rows in other"):
        inspect(f"sqlite:///{file}", table="other")
    (found,) = inspect(f"sqlite:///{file}", table="orders")
    assert [(column.name, column.data_type) for column in found.columns] == [
        ("id", "BIGINT"),
        ("customer", "VARCHAR"),
        ("sku", "VARCHAR"),
        ("at", "VARCHAR"),
        ("total", "DOUBLE"),
    ]
    with sqlite3.connect(file) as database:
        database.execute("alter table orders rename column at to ordered_at")
    assert [found.name for found in inspect(f"sqlite:///{file}")] == ["orders"]
    with pytest.raises(UserError, match="no table or view order in the database; there are orders, other"):
        inspect(f"sqlite:///{file}", table="order")


def test_a_view_is_a_table_and_which_of_several_is_meant_is_asked(tmp_path: Path):
    file = tmp_path / "shop.db"
    with sqlite3.connect(file) as database:
        database.execute("create table orders (id integer, customer text, sku text, date text, total real)")
        database.execute("insert into orders values (1, 'u', 's', '2024-01-02', 1.5)")
        database.execute("create view paid_orders as select * from orders")
        database.execute("create table customers (customer_id text, email text)")
        database.execute("insert into customers values ('u', 'u@mail.example')")
    url, asked = f"sqlite:///{file}", []

    def answer(question, choices):
        asked.append((question, choices))
        return "paid_orders"

    with pytest.raises(
        UserError, match=r"Several tables look like order_lines.*--table \(one of orders, paid_orders\)"
    ):
        inspect(url)
    assert [found.name for found in inspect(url, ask=answer)] == ["customers", "paid_orders"]
    assert asked == [("Several tables look like order_lines. Which is meant?", ["orders", "paid_orders", "none"])]
    assert [found.name for found in inspect(url, ask=lambda *_: "none")] == ["customers"]
    with pytest.raises(UserError, match="'orderz' is none of"):
        inspect(url, ask=lambda *_: "orderz")
    (view,) = inspect(url, table="main.paid_orders")
    assert (view.name, view.rule.table) == ("main_paid_orders", "main.paid_orders")


@pytest.mark.parametrize(
    ("url", "extra"),
    [("oracle://host/shop", None), ("mssql://host/shop", "mssql"), ("mysql+mysqldb://host/shop", "mysql")],
)
def test_a_missing_driver_is_named_with_what_installs_it(url, extra):
    with pytest.raises(UserError, match="is not installed") as error:
        inspect(url)
    assert ("ai-dmp[" in str(error.value)) == bool(extra)
    assert not extra or f"pip install 'ai-dmp[{extra}]'" in str(error.value)


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("nowhere.csv", "There is no file at"),
        ("sqlite:////nowhere/shop.db", "There is no SQLite database"),
        ("postgresql+psycopg://me:secret@localhost/shop", "holds a password"),
        ("${NO_SUCH_VARIABLE}/a.csv", "NO_SUCH_VARIABLE is not set"),
        ("nonsense://x", "its driver nonsense is not installed"),
    ],
)
def test_what_cannot_be_looked_at_is_said_with_what_to_do(location, message):
    with pytest.raises(UserError, match=message) as error:
        inspect(location)
    assert "secret" not in str(error.value)


def test_a_file_of_an_unknown_kind_names_the_known_ones(tmp_path: Path):
    (tmp_path / "a.docx").write_bytes(b"PK")
    with pytest.raises(UserError, match=r"known are \.csv"):
        inspect(str(tmp_path / "a.docx"))
    with pytest.raises(UserError, match="There is no file in"):
        inspect(str(tmp_path))
