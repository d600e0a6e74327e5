import csv
import dataclasses
import io
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from dmp_assets.platform.errors import UserError
from dmp_assets.privacy.keys import read_keys
from dmp_assets.privacy.vault import open_vault
from dmp_assets.sources import land as landing_module
from dmp_assets.sources.land import land_files
from dmp_assets.sources.read import files_at
from tests.unit.shop import NOW, Shop
from tests.unit.workbook import write_workbook


def test_every_file_is_loaded_once_and_a_new_one_is_added(shop):
    shop.write("1.csv", "customer,amount\nu1,1\n")
    assert (shop.land().rows_added, shop.land().rows_added) == (1, 0)
    shop.write("2.csv", "customer,amount\nu2,2\nu3,3\n")
    landing = shop.land()
    assert (landing.files, landing.rows_added, landing.rows_total) == (1, 2, 3)
    assert shop.rows() == [("u1", "1", "1.csv", 2), ("u2", "2", "2.csv", 2), ("u3", "3", "2.csv", 3)]


def test_a_changed_file_adds_to_its_rows_or_replaces_them(shop):
    for keep, expected in (("append", ["u1", "u1", "u2"]), ("replace", ["u1", "u2"])):
        table = shop.table(keep=keep)
        shop.write("1.csv", "customer,amount\nu1,1\n")
        shop.land(table)
        shop.write("1.csv", "customer,amount\nu1,1\nu2,2\n")
        shop.land(table)
        assert [row[0] for row in shop.rows()] == expected
        shop.rows("drop table raw.shop__orders; delete from raw._loads; select 1")


def test_a_file_is_read_again_when_the_rule_changes_and_its_first_reading_goes(shop):
    shop.write("1.csv", "customer;amount\nu1;1\nu2\n")
    first = shop.land(shop.table({}))
    assert shop.rows('select "customer;amount" from raw.shop__orders') == [("u1;1",), ("u2",)]
    assert first.lines_rejected == 0
    second = shop.land(shop.table(delimiter=";"))
    assert shop.rows("select customer, amount from raw.shop__orders") == [("u1", "1")]
    assert second.lines_rejected == 1
    assert shop.rows("select reason, line, _file, _row, contract_table from raw.rejected_lines") == [
        ("missing_columns", "u2", "1.csv", 3, "order_lines")
    ]


def test_columns_that_come_go_and_change_lose_no_row_and_are_told(shop):
    table = shop.table({"customer": "VARCHAR", "amount": "BIGINT"}, format="parquet")
    with duckdb.connect() as connection:
        for name, select in (
            ("1", "'u1' as customer, 1::bigint as amount"),
            ("2", "'u2' as customer, 2::integer as amount, 'x' as extra"),
            ("3", "'u3' as customer, 2.5 as amount"),
            ("4", "'u4' as customer"),
            ("5", "'u5' as customer, 'many' as amount"),
        ):
            connection.execute(f"copy (select {select}) to '{shop.folder}/{name}.parquet'")
    landing = shop.land(table)
    assert shop.rows("select customer, amount, extra from raw.shop__orders order by 1") == [
        ("u1", "1", None),
        ("u2", "2", "x"),
        ("u3", "2.5", None),
        ("u4", None, None),
        ("u5", "many", None),
    ]
    assert landing.changes == [
        "4.parquet lacks amount",
        "amount is VARCHAR, declared as BIGINT",
        "extra is new and not declared",
    ]
    assert shop.land(table).changes == landing.changes[1:], "told until the declaration follows"


def test_a_damaged_file_does_not_keep_the_others_out_and_leaves_nothing(shop):
    shop.write("1.csv", "customer,amount\nu1,1\n".encode("utf-16"))
    shop.write("2.csv", "customer,amount\nu2,2\n")
    landing = shop.land()
    assert [row[0] for row in shop.rows()] == ["u2"]
    (damaged,) = landing.damaged
    assert "1.csv" in damaged
    assert shop.rows("select file_name from raw._loads") == [("2.csv",)]


def test_a_file_that_fails_half_way_leaves_nothing(shop, monkeypatch):
    shop.write("1.csv", "customer,amount\nu1,1\n")
    monkeypatch.setattr(landing_module.Load, "load_id", None)  # the record of the load needs an id
    assert shop.land().damaged
    assert shop.rows() == []


def test_many_small_files_share_a_transaction_and_each_keeps_its_record(shop, monkeypatch):
    opened = []
    write = type(shop.warehouse).write
    monkeypatch.setattr(type(shop.warehouse), "write", lambda self, **how: opened.append(1) or write(self, **how))
    for number in range(40):
        rejected = "x,1,2\n" if number == 7 else ""
        extra = ",extra" if number == 9 else ""
        shop.write(f"{number:02}.csv", f"customer,amount{extra}\nu{number},{number}{extra}\n{rejected}")
    shop.write("40.csv", "customer,amount\n")
    landing = shop.land()
    assert (landing.files, landing.rows_added, landing.lines_rejected) == (41, 40, 1)
    assert len(opened) == 2, "one for the tables, one for all files"
    assert shop.rows("select file_name, row_count from raw._loads order by 1") == [
        *((f"{number:02}.csv", 1) for number in range(40)),
        ("40.csv", 0),
    ]
    assert shop.rows("select count(distinct _load_id) from raw.shop__orders") == [(40,)]
    assert shop.rows("select count(*) from raw.shop__orders where amount::int <> split_part(_file, '.', 1)::int") == [
        (0,)
    ]
    assert shop.rows("select customer, _file, extra from raw.shop__orders where extra is not null") == [
        ("u9", "09.csv", "extra")
    ]
    assert shop.rows("select line, _file from raw.rejected_lines") == [("x,1,2", "07.csv")]
    shop.write("07.csv", "customer,amount\nu7,8\n")
    assert shop.land(shop.table(keep="replace")).rows_added == 1
    assert shop.rows("select amount from raw.shop__orders where customer = 'u7'") == [("8",)]
    assert shop.rows("select count(*) from raw.rejected_lines") == [(0,)]


def test_a_damaged_file_among_small_ones_keeps_none_of_the_others_out(shop):
    for number in range(5):
        shop.write(f"{number}.csv", f"customer,amount\nu{number},{number}\n")
    shop.write("2.csv", "customer,amount\nu2,2\n".encode("utf-16"))
    landing = shop.land()
    assert (landing.files, landing.rows_added, len(landing.damaged)) == (4, 4, 1)
    assert [row[0] for row in shop.rows()] == ["u0", "u1", "u3", "u4"]


def test_a_refused_file_among_small_ones_leaves_those_before_it(shop):
    table = shop.table(columns="declared")
    shop.write("1.csv", "customer,amount\nu1,1\n")
    shop.write("2.csv", "customer,total\nu2,2\n")
    with pytest.raises(UserError, match=r"2\.csv does not have the declared columns"):
        shop.land(table)
    assert [row[0] for row in shop.rows()] == ["u1"]


def test_identifiers_in_many_small_files_go_to_the_vault(shop):
    for number in range(5):
        shop.write(f"{number}.csv", f"customer,amount\nu{number},jane{number}@example.org\n")
    shop.land()
    assert all(len(amount) == 32 for _, amount, *_ in shop.rows())
    with open_vault(shop.settings, read_keys(shop.settings)) as connection:
        assert connection.execute("select count(*) from vault.identifiers").fetchall() == [(5,)]


def test_a_file_is_read_again_when_its_header_is_said_to_be_elsewhere(shop):
    shop.write("1.csv", "Report of March,\ncustomer,amount\nu1,1\n")
    shop.land(shop.table({}))
    shop.land(shop.table({}, skip=1))
    assert shop.rows("select customer, amount, _row from raw.shop__orders") == [("u1", "1", 3)]


def test_a_sheet_and_a_document_are_landed_like_any_file(shop):
    write_workbook(
        shop.folder / "1.xlsx", {"Sales": [("customer", "amount"), ("u1", 1.5), ("Total", 1.5), (), ("u2", 2)]}
    )
    assert shop.land(shop.table(format="xlsx", sheet="Sales")).rows_added == 3
    assert shop.rows() == [("Total", "1.5", "1.xlsx", 3), ("u1", "1.5", "1.xlsx", 2), ("u2", "2", "1.xlsx", 5)]
    shop.write(
        "2.json",
        '{"orders": [{"customer": "u3", "lines": [{"amount": 3}, {"amount": 4}]}, {"customer": "u4", "lines": []}]}',
    )
    table = shop.table(
        {"customer": "VARCHAR", "lines_amount": "VARCHAR"}, format="json", records="orders", explode=["lines"]
    )
    landing = shop.land(table)
    assert (landing.rows_added, landing.lines_rejected) == (2, 1)
    assert shop.rows(
        "select customer, lines_amount, _row from raw.shop__orders where _file = '2.json' order by _row"
    ) == [
        ("u3", "3", 1),
        ("u3", "4", 2),
    ]
    assert shop.rows("select reason, line, _row from raw.rejected_lines") == [
        ("without_lines", '{"customer":"u4","lines":[]}', 2)
    ]


def landed(folder: Path, suffix: str, contents: list[bytes], *, is_clean_road_open: bool, **rule) -> tuple:
    """Return everything that the load of files leaves."""
    shop = Shop(folder)
    for number, content in enumerate(contents):
        shop.write(f"{number}.{suffix}", content)
    with pytest.MonkeyPatch.context() as patch:
        if not is_clean_road_open:
            patch.setattr(landing_module, "clean_rows", closed_road)
        landing = shop.land(shop.table({}, format=suffix, **rule))
    tables = ("raw.shop__orders", "raw.rejected_lines", "raw._loads")
    with shop.warehouse.read() as connection:
        left = [connection.execute(f"{what} {table}").fetchall() for table in tables for what in ("describe", "from")]
    return (dataclasses.astuple(landing), *left)


@contextmanager
def closed_road(*_, **__):
    yield None


values = st.one_of(
    st.sampled_from(["", "1", "2024-01-02 10:00:00", "12.50", "C++", "a b"]), st.text('ab,"\n é+', max_size=6)
)


# A warehouse costs more than the files in it.
@settings(max_examples=8)
@given(
    st.lists(st.lists(st.tuples(values, values, values), max_size=30), min_size=3, max_size=5),
    st.sampled_from([",", ";"]),
)
def test_the_short_road_and_the_careful_one_land_the_same_rows_of_csv_files(tmp_path_factory, files, delimiter):
    contents = []
    for rows in files:
        text = io.StringIO()
        writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
        writer.writerows([("customer", "amount", "note"), *rows])
        contents.append(text.getvalue().encode())
    short, careful = (
        landed(tmp_path_factory.mktemp("road"), "csv", contents, is_clean_road_open=is_open, delimiter=delimiter)
        for is_open in (True, False)
    )
    assert short == careful
    once = dict(zip(contents, files, strict=True)).values()
    assert short[0][:2] == (len(once), sum(any(row) for rows in once for row in rows))


def test_a_clean_file_takes_the_short_road(shop, monkeypatch):
    monkeypatch.setattr(landing_module, "read_file", None)
    shop.write("1.csv", 'customer,amount\nu1,"1,5"\nu2,2\n')
    shop.write("2.csv", "customer,amount\r\nu3,3\r\n")
    for name in ("1.csv", "2.csv"):
        land_files(shop.warehouse, shop.settings, shop.table(), {name: shop.folder / name}, now=NOW)
    assert shop.rows() == [("u1", "1,5", "1.csv", 2), ("u2", "2", "1.csv", 3), ("u3", "3", "2.csv", 2)]


cells = st.tuples(st.none() | st.integers(-9, 9), values, st.lists(st.integers(0, 9), max_size=2))


@settings(max_examples=6)
@given(st.lists(st.lists(cells, min_size=1, max_size=20), min_size=3, max_size=5))
def test_the_short_road_and_the_careful_one_land_the_same_rows_of_parquet_files(tmp_path_factory, files):
    file = tmp_path_factory.mktemp("file") / "1.parquet"
    contents = []
    for rows in files:
        with duckdb.connect() as connection:
            connection.execute("create table cells (number bigint, text varchar, list bigint[])")
            connection.executemany("insert into cells values (?, ?, ?)", rows)
            connection.execute(f"copy cells to '{file}'")
        contents.append(file.read_bytes())
    short, careful = (
        landed(tmp_path_factory.mktemp("road"), "parquet", contents, is_clean_road_open=is_open)
        for is_open in (True, False)
    )
    assert short == careful
    once = dict(zip(contents, files, strict=True)).values()
    assert short[0][:2] == (len(once), sum(map(len, once)))


def test_values_of_every_type_of_a_parquet_file_stay_what_they_are(tmp_path):
    file = tmp_path / "1.parquet"
    duckdb.sql(
        f"""
        copy (
            select unnest([true, null]) as bool, 1::tinyint as tiny, 18446744073709551615::ubigint as large, 0.1::float as float,
                1.5::double as double, 12345678901234567890123456789012345678::decimal(38, 0) as decimal, date '2024-02-29' as day,
                time '10:00:00.000001' as time, timestamp '2024-01-02 10:00:00.123456' as at,
                timestamp_ns '2024-01-02 10:00:00.123456789' as at_ns, timestamptz '2024-01-02 10:00:00+02' as at_zone,
                '\\x00\\xFF'::blob as bytes, uuid() as id, 'é' as text,
                interval '1 month 2 days' as span, {{'a': [1, 2]}} as nested, 'x'::enum ('x', 'y') as choice
        ) to '{file}'
        """
    )
    for name in ("short", "careful"):
        (tmp_path / name).mkdir()
    short, careful = (
        landed(tmp_path / name, "parquet", [file.read_bytes()], is_clean_road_open=name == "short")
        for name in ("short", "careful")
    )
    assert short == careful
    assert short[0][1] == 2


texts_of_people = st.sampled_from(
    ["jane@x.example", "call +49 170 5550001", "?email=a@b.example&x=1", "u1", "Jane", "", "x"]
)


@settings(max_examples=6)
@given(st.lists(st.tuples(texts_of_people, texts_of_people, texts_of_people), min_size=1, max_size=12))
def test_both_roads_hand_the_same_identifiers_over_to_the_vault(tmp_path_factory, rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("customer", "note", "name"), *rows])
    left = []
    for is_open in (True, False):
        shop = Shop(tmp_path_factory.mktemp("road"))
        shop.settings = shop.settings.model_copy(update={"vault_key": SecretStr("a secret of the tests, long enough")})
        shop.write("1.csv", text.getvalue())
        with pytest.MonkeyPatch.context() as patch:
            if not is_open:
                patch.setattr(landing_module, "clean_rows", closed_road)
            shop.land(shop.table({}, customer="customer", identifiers={"name": "name"}))
        with open_vault(shop.settings, read_keys(shop.settings)) as connection:
            has_one = connection.execute("select 1 from duckdb_tables() where table_name = 'identifiers'").fetchall()
            held = connection.execute("from vault.identifiers order by all").fetchall() if has_one else []
        left.append((held, shop.rows("from raw.shop__orders order by _row"), shop.rows("from raw.rejected_lines")))
    assert left[0] == left[1]


def test_rows_of_a_large_file_keep_their_order_and_lines(shop):
    rows = 400_000
    shop.write("1.csv", "customer,amount\n" + "".join(f"u{each},{each}\n" for each in range(rows)))
    assert shop.land().rows_added == rows
    assert shop.rows(
        "select count(*), bool_and(_row = amount::int + 2), bool_and(rowid = amount::int) from raw.shop__orders"
    ) == [(rows, True, True)]


def test_an_identifier_at_the_end_of_a_large_clean_file_is_never_written(shop):
    rows = "".join(f"u{each},{each}\n" for each in range(300_000))
    shop.write("1.csv", f"customer,amount\n{rows}jane@example.org,1\n")
    assert shop.land().rows_added == 300_001
    ((customer,),) = shop.rows("select customer from raw.shop__orders where _row = 300002")
    assert len(customer) == 32
    for file in shop.settings.home.rglob("*"):
        assert not file.is_file() or b"example.org" not in file.read_bytes(), file


def test_direct_identifiers_go_to_the_vault_and_pseudonyms_stay(shop):
    shop.write(
        "1.csv",
        "customer,amount,e-mail,note,name\n"
        "jane@example.org,1,Jane@example.org,call +49 170 5550001,Jane Doe\n"
        "42,2,,nothing,\n"
        "43,3,x@example.org\n",
    )
    table = shop.table(identifiers={"name": "name", "e-mail": "email"}, customer="customer")
    shop.land(table)
    first, second = shop.rows('select customer, "e-mail", note, name from raw.shop__orders order by amount')
    assert first[0] == first[1], "the same address, the same pseudonym"
    assert len(first[0]) == len(first[3]) == 32
    assert first[2] == "call [phone]"
    assert second == ("42", None, "nothing", None)
    assert shop.rows("select line from raw.rejected_lines") == [(None,)]
    with open_vault(shop.settings, read_keys(shop.settings)) as connection:
        held = connection.execute("select user_id, kind, value from vault.identifiers order by all").fetchall()
    assert held == [
        ("", "line", "43,3,x@example.org"),
        (first[0], "email", "Jane@example.org"),
        (first[0], "email", "jane@example.org"),
        (first[0], "name", "Jane Doe"),
        (first[0], "phone", "+49 170 5550001"),
    ]
    for file in shop.settings.home.rglob("*"):
        if file.is_file():
            assert b"example.org" not in file.read_bytes()
            assert b"Jane" not in file.read_bytes()


def test_numbers_that_are_identifiers_become_pseudonyms_too(shop):
    with duckdb.connect() as connection:
        connection.execute(f"copy (select 13800138000 as customer, 1 as amount) to '{shop.folder}/1.parquet'")
    table = shop.table(
        {"customer": "VARCHAR", "amount": "INTEGER"},
        format="parquet",
        identifiers={"customer": "phone"},
        customer="customer",
    )
    assert shop.land(table).changes == []
    ((customer,),) = shop.rows("select customer from raw.shop__orders")
    assert len(customer) == 32


def test_two_loads_in_any_order_give_the_same_rows(shop, tmp_path):
    shop.write("1.csv", "customer,amount\nu1,1\n")
    shop.write("2.csv", "customer,amount,extra\nu2,2,x\n")
    table = shop.table()
    files = files_at(table.rule.location, "csv")
    for order in (list(files), list(reversed(files))):
        shop.rows("create schema if not exists raw; drop table if exists raw.shop__orders; select 1")
        if shop.rows("select 1 from duckdb_tables() where table_name = '_loads'"):
            shop.rows("delete from raw._loads; select 1")
        land_files(shop.warehouse, shop.settings, table, {name: files[name] for name in order}, now=NOW)
        assert shop.rows("select customer, amount, extra from raw.shop__orders order by 1") == [
            ("u1", "1", None),
            ("u2", "2", "x"),
        ]


@pytest.mark.parametrize("content", ["customer,amount\n", ""])
def test_a_file_without_rows_is_no_mistake(shop, content):
    shop.write("1.csv", content)
    landing = shop.land()
    assert (landing.files, landing.rows_added, landing.damaged) == (1, 0, [])


DECLARED = {"household_id": "BIGINT", "page": "VARCHAR"}


def write_parquet(shop, sql: str) -> Path:
    file = shop.folder / "visits.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"copy ({sql}) to '{file}'")
    return file


def test_wrong_missing_and_unexpected_columns_are_all_named_where_they_must_be_as_declared(shop):
    table = shop.table(DECLARED, format="parquet", columns="declared")
    write_parquet(shop, "select 'x' as household_id, 1 as color")
    with pytest.raises(UserError) as error:
        shop.land(table)
    assert "visits.parquet does not have the declared columns" in str(error.value)
    assert "column household_id is VARCHAR, expected BIGINT" in str(error.value)
    assert "column page is missing" in str(error.value)
    assert "column color is not expected" in str(error.value)
    assert shop.rows("select (select count(*) from raw._loads), (select count(*) from raw.shop__orders)") == [(0, 0)]
    write_parquet(shop, "select 1::bigint as household_id, 'home' as page")
    assert shop.land(table).rows_added == 1


@pytest.mark.parametrize("identifiers", [{}, {"page": "name"}])
def test_a_sample_is_drawn_by_household_and_never_mixed_with_another_size(shop, identifiers):
    table = shop.table(DECLARED, format="parquet", sample="household_id % 100 < {percent}", identifiers=identifiers)
    write_parquet(shop, "select i::bigint as household_id, 'home' as page from range(1000) t(i)")
    shop.settings = shop.settings.model_copy(update={"sample_percent": 20})
    assert shop.land(table).rows_total == 200
    assert shop.rows("select min(_row), max(_row) from raw.shop__orders") == [(1, 920)], "rows of the file"
    assert shop.land(table).rows_added == 0
    shop.settings = shop.settings.model_copy(update={"sample_percent": 30})
    with pytest.raises(UserError, match=r"already holds visits\.parquet at another sample size"):
        shop.land(table)


def test_a_sample_may_follow_that_of_another_file_beside_it(shop):
    write_parquet(shop, "select i::bigint as household_id, 'page ' || i as page from range(200) t(i)").rename(
        shop.folder / "visits.source"
    )
    write_parquet(shop, "select 1::bigint as household_id, 'page ' || i as page from range(300) t(i)")
    sample = "page in (select page from read_parquet('{folder}/visits.source') where household_id % 100 < {percent})"
    shop.settings = shop.settings.model_copy(update={"sample_percent": 10})
    assert shop.land(shop.table(DECLARED, format="parquet", sample=sample)).rows_total == 20


def test_damage_inside_a_file_undoes_the_whole_load(shop):
    file = write_parquet(shop, "select i::bigint as household_id, md5(i::varchar) as page from range(300000) t(i)")
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200_000] = bytes(200_000)
    file.write_bytes(content)
    (damaged,) = shop.land(shop.table(DECLARED, format="parquet")).damaged
    assert "visits.parquet" in damaged
    assert shop.rows("select (select count(*) from raw._loads), (select count(*) from raw.shop__orders)") == [(0, 0)]


def test_sheets_of_one_kind_are_landed_each_with_its_own_rows(shop):
    sheets = {year: [("customer", "amount"), (f"u{year}", 1)] for year in ("Year 1", "Year 2")}
    write_workbook(shop.folder / "1.xlsx", {"Notes": [("x", "y"), ("z", "w")], **sheets})
    table = shop.table(format="xlsx", sheet="Year *")
    assert (shop.land(table).rows_added, shop.land(table).rows_added) == (2, 0)
    assert shop.rows() == [("uYear 1", "1", "1.xlsx/Year 1", 2), ("uYear 2", "1", "1.xlsx/Year 2", 2)]
    shop.land(shop.table(format="xlsx", sheet="Year 2"))
    assert [row[0] for row in shop.rows()] == ["uYear 2"], "the reading by the rule before is gone"


def test_a_file_that_takes_anothers_name_takes_nothing_from_it(shop):
    table = shop.table(keep="replace")
    shop.write("1.csv", "customer,amount\nu1,1\n")
    shop.land(table)
    (shop.folder / "1.csv").rename(shop.folder / "2.csv")
    shop.write("1.csv", "customer,amount\nu2,2\n")
    shop.land(table)
    assert [row[0] for row in shop.rows()] == ["u1", "u2"]


def test_a_line_that_cannot_be_read_of_a_table_with_identifiers_is_in_the_vault_and_only_its_place_in_quarantine(shop):
    shop.write("1.csv", "customer,amount,e-mail\nu1,1,jane@example.org\nJane Doe,1 Main St\n")
    shop.land(shop.table(identifiers={"e-mail": "email"}))
    assert shop.rows("select reason, line, _file, _row from raw.rejected_lines") == [
        ("missing_columns", None, "1.csv", 3)
    ]
    with open_vault(shop.settings, read_keys(shop.settings)) as connection:
        lines = connection.execute("select value from vault.identifiers where kind = 'line'").fetchall()
    assert lines == [("Jane Doe,1 Main St",)]
