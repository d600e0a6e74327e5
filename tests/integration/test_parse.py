"""The macros that read the values of a source: every way of writing a number, a time and an id that exports have."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

VARIABLES = {"amount_type": "decimal(18, 3)", "time_zones": ["Europe/Berlin", "Asia/Tokyo", "America/New_York"]}
CALLS = {
    "text": "parse_text('x')",
    "id": "parse_id('x')",
    "bare_id": "parse_id('x', true)",
    "customer": "parse_customer_id('x')",
    "amount": "parse_amount('x')",
    "comma_amount": "parse_amount('x', ',')",
    "minor": "parse_minor_units('x', 'y')",
    "currency": "parse_currency('x')",
    "held": "currency_held('y', ['x'])",
    "join_id": "join_id('x')",
    "damaged": "is_damaged_id(['x'])",
    "quantity": "parse_decimal('x', 12, 3)",
    "boolean": "parse_boolean('x')",
    "offset": "parse_time('x', 'offset')",
    "mixed": "parse_time('x', 'mixed', 'Europe/Berlin')",
    "iso": "parse_time('x', 'iso', 'Europe/Berlin')",
    "zoned": "parse_time_by_zone('x', 'mixed', 'y')",
    "epoch": "parse_time('x', 'epoch')",
    "epoch_ms": "parse_time('x', 'epoch_ms')",
    "epoch_us": "parse_time('x', 'epoch_us')",
    "excel": "parse_time('x', 'excel', 'Europe/Berlin')",
    "half_day": "parse_wall_time('x', '%Y-%m-%d %I:%M:%S %p')",
    "german": "parse_wall_time('x', '%d.%m.%Y')",
    "short_year": "parse_wall_time('x', '%d.%m.%y')",
    "american": "parse_wall_time('x', '%m/%d/%Y %I:%M %p')",
    "written": "parse_wall_time('x', 'offset')",
    "log": "parse_time('x', '%d/%b/%Y:%H:%M:%S %z')",
    "source_id": "source_id('x')",
}

SEPARATOR = "\n-- next\n"


@pytest.fixture(scope="module")
def read(run_dbt, tmp_path_factory: pytest.TempPathFactory) -> Callable:
    """Return a function that reads one text by one of the calls."""
    warehouse: Path = tmp_path_factory.mktemp("parse") / "warehouse.duckdb"
    calls = SEPARATOR.join(f"{{{{ dmp.{call} }}}}" for call in CALLS.values())
    compiled = run_dbt("compile", "--inline", calls, warehouse=warehouse, variables=VARIABLES)
    sql = compiled.results[0].node.compiled_code
    connection = duckdb.connect()
    connection.execute("load icu; set timezone = 'UTC'; create table given (x varchar, y varchar)")
    # A view each: binding all of them for one would take a second.
    for name, expression in zip(CALLS, sql.split(SEPARATOR), strict=True):
        connection.execute(f'create view "{name}" as select {expression} as value from given')

    def read(call: str, text: str | None, other: str | None = None):
        connection.execute("delete from given")
        connection.execute("insert into given values (?, ?)", [text, other])
        ((value,),) = connection.execute(f'from "{call}"').fetchall()
        return value

    return read


@pytest.mark.parametrize(
    ("call", "text", "value"),
    [
        *((call, text, value) for call in ("amount", "quantity") for text, value in [
            ("1234.5", "1234.5"), ("1,234.50", "1234.5"), ("12,34,567.00", "1234567"), ("1 234.50", "1234.5"),
            ("1\u202f234.50", "1234.5"), ("1\u00a0234", "1234"), ("1'234.50", "1234.5"), ("1’234.50", "1234.5"),
            ("12.50-", "-12.5"), ("(12.50)", "-12.5"), ("-12.50", "-12.5"), ("−12.50", "-12.5"), ("+3", "3"), (" 5 ", "5"),
            (".5", ".5"), ("5.", "5"), ("1.5e2", "150"), ("0.00", "0"), ("\u00a07\u00a0", "7"),
            # what contradicts the mark, or is no number
            ("1234,50", None), ("1.234,50", None), ("12,50", None), ("1 23", None), ("1.234.567", None), ("1'23", None),
            ("NaN", None),
            ("inf", None), ("Infinity", None), ("1e400", None), ("-", None), ("", None), ("--5", None), ("-5-", None),
            ("(-5)", None),
            ("1_000", None), ("abc", None), ("5 6", None), ("NULL", None),
        ]),
        *(("amount", text, value) for text, value in [
            ("$12.50", "12.5"), ("-$12.50", "-12.5"), ("$-12.50", "-12.5"), ("($12.50)", "-12.5"), ("US$ 12.50", "12.5"),
            ("12.50 €", "12.5"),
            ("EUR 12.50", "12.5"), ("12.50 EUR", "12.5"), ("10.00eur", "10"), ("12.50 EUR-", "-12.5"), ("12.50- EUR", "-12.5"),
            ("Fr. 12.50", "12.5"), ("Rs.500", "500"), ("CHF 1'234.50", "1234.5"), ("12.5 k", None), ("12 Mio.", None),
            ("12.50 CR", None),
            ("€", None), ("EUR", None),
        ]),
        *(("comma_amount", text, value) for text, value in [
            ("1.234,50", "1234.5"), ("12,50-", "-12.5"), ("-7,00", "-7"), ("1.234", "1234"), ("1\u202f234,50", "1234.5"),
            ("2,000", "2"),
            ("5,-", "5"), ("5,--", "5"), ("1.234,50 €", "1234.5"), ("0,5", ".5"), ("12.50", None), ("1,234.50", None),
        ]),
        ("quantity", "5 kg", None),
        ("quantity", "5 EUR", None),
    ],
)  # fmt: skip
def test_numbers_are_read_as_they_are_meant_or_not_at_all(read, call, text, value):
    assert read(call, text) == (None if value is None else Decimal(value))


def test_amounts_in_the_smallest_unit_have_the_digits_of_their_currency(read):
    assert read("minor", "1999", "USD") == Decimal("19.99")
    assert read("minor", "500", "JPY") == Decimal(500)
    assert read("minor", "12345", "KWD") == Decimal("12.345")
    assert read("minor", "-2000", "EUR") == Decimal(-20)


def test_a_currency_is_a_code_alone_or_beside_an_amount(read):
    assert [read("currency", text) for text in ("eur", "10 EUR", "usd 5", "CHF5", "€", "5 USDT", None)] == [
        "EUR", "EUR", "USD", "CHF", "€", "5 USDT", None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("declared", "text", "currency"),
    [
        *(("EUR", text, "EUR") for text in ("10", "-1,234.50", "10 €", "EUR 10", "10.00 eur", "1.5e2", "abcd", "", None)),
        *(("USD", text, "USD") for text in ("$5", "US$ 5", "5 USD", "(5.00 $)", "5 usd-")),
        ("EUR", "5 USD", "EUR or USD"),
        ("EUR", "$ 5", "EUR or $"),
        ("EUR", "US$ 5", "EUR or US$"),
        ("USD", "12,50 €", "USD or €"),
        ("USD", "CHF 1'234.50", "USD or CHF"),
        ("SEK", "10 kr", "SEK"),
        ("EUR", "10 kr.", "EUR or kr"),
        ("CHF", "Fr. 5", "CHF"),
        ("PLN", "5 zł", "PLN"),
        ("RON", "5 lei", "RON"),
        ("CNY", "¥ 5", "CNY"),
        ("CAD", "$5", "CAD"),
        ("CAD", "US$5", "CAD or US$"),
    ],
)  # fmt: skip
def test_a_currency_beside_an_amount_is_held_against_the_declared_one(read, declared, text, currency):
    assert read("held", text, declared) == currency


@pytest.mark.parametrize(
    ("call", "text", "value"),
    [
        ("id", "00123", "00123"),
        ("id", "123.0", "123"),
        ("id", "17850.00", "17850"),
        ("id", "1.234", "1.234"),
        ("id", "v1.0", "v1.0"),
        *((call, text, text) for call in ("id", "bare_id", "customer") for text in ("8.90123E+11", "7.00E+05", "1,2E+11")),
        ("join_id", "8.90123E+11", None),
        ("join_id", "123.0", "123"),
        ("id", "12E45", "12E45"),
        ("id", "'00456", "00456"),
        ("id", '="0008"', "0008"),
        ("id", "a:b:c", "a:b:c"),
        ("id", " x\u00a0", "x"),
        ("bare_id", "00123", "123"),
        ("bare_id", "'00456", "456"),
        ("bare_id", "0000", "0"),
        ("bare_id", "00a", "00a"),
        ("source_id", "shop:a:b", "a:b"),
        *(("text", text, None) for text in ("NULL", "\\N", "NaN", "None", "n/a", "#N/A", "-", "--", " ", "\u00a0", "", "?",
        "undefined",
            "nil", "(null)", "#REF!", "[object Object]")),
        ("text", " Café \u202f", "Café"),
        *(("customer", text, None) for text in ("0", "unknown", "Anonymous", "guest", "NULL", "\\N", "", "0.0")),
        ("customer", "c1", "c1"),
        ("id", "0", "0"),
    ],
)  # fmt: skip
def test_ids_and_texts_lose_what_a_program_added_and_nothing_else(read, call, text, value):
    assert read(call, text) == value


def test_an_id_in_scientific_notation_is_damaged(read):
    damaged = ("shop:8.90123E+11", "1E+5", "shop:1,2e+11", "shop:a:7.00E+05:b")
    assert [read("damaged", text) for text in damaged] == [True] * 4
    assert [read("damaged", text) for text in ("12E45", "a+b", "shop:12E+45", "1.2E11", "v1.2E+11", None)] == [
        False, False, False, False, False, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "text", "utc"),
    [
        *((call, text, utc) for call in ("mixed", "offset") for text, utc in [
            ("2025-03-30T01:59:59+01:00", "2025-03-30 00:59:59"),
            ("2025-03-30T03:00:00+02:00", "2025-03-30 01:00:00"),
            ("2025-06-01T22:30:00Z", "2025-06-01 22:30:00"),
            ("2025-06-01T22:30Z", "2025-06-01 22:30:00"),
            ("2025-06-01 22:30:00.250+00", "2025-06-01 22:30:00.250000"),
            ("2025-06-02 00:30:00 UTC", "2025-06-02 00:30:00"),
            ("2025-06-02T00:30:00+0530", "2025-06-01 19:00:00"),
            ("2025-06-02 00:30:00 +0200", "2025-06-01 22:30:00"),
            ("2025-06-02 00:30:00 GMT+02:00", "2025-06-01 22:30:00"),
            ("2025-06-02 00:30:00 Europe/Berlin", "2025-06-01 22:30:00"),
            ("2025-06-02T00:30:00+02:00[Europe/Berlin]", "2025-06-01 22:30:00"),
            ("2025-06-02 00:30:00 CEST", "2025-06-01 22:30:00"),
            ("2025-06-02 00:30:00 PST", "2025-06-02 08:30:00"),
            ("Mon, 02 Jun 2025 00:30:00 +0200 (CEST)", "2025-06-01 22:30:00"),
            ("Mon Jun 02 2025 00:30:00 GMT+0200 (Central European Summer Time)", "2025-06-01 22:30:00"),
            ("soon", None),
        ]),
        # without an offset: the zone given; doubled hours are the second, skipped ones count on
        ("mixed", "2025-06-02T00:30:00", "2025-06-01 22:30:00"),
        ("mixed", "2025-06-02", "2025-06-01 22:00:00"),
        ("mixed", "2025-03-30 02:30:00", "2025-03-30 01:30:00"),
        ("iso", "2025-03-30 02:30:00", "2025-03-30 01:30:00"),
        ("iso", "2025-03-30 02:00:00", "2025-03-30 01:00:00"),
        ("iso", "2025-10-26 02:30:00", "2025-10-26 01:30:00"),
        ("iso", "2025-10-26 02:59:59", "2025-10-26 01:59:59"),
        ("iso", "0000-00-00", None),
        ("epoch", "1714557600", "2024-05-01 10:00:00"),
        ("epoch", "1714557600.5", "2024-05-01 10:00:00.500000"),
        ("epoch_ms", "1714557600500", "2024-05-01 10:00:00.500000"),
        ("epoch_us", "1714557600000001", "2024-05-01 10:00:00.000001"),
        ("epoch", "soon", None),
        ("excel", "45123.5", "2023-07-16 10:00:00"),
        ("excel", "45123,5", "2023-07-16 10:00:00"),
        ("excel", "45717.99998842592", "2025-03-01 22:59:59"),
        ("excel", "45123", "2023-07-15 22:00:00"),
        ("excel", "2023-07-16", None),
        ("half_day", "2025-01-03 4:29:00 PM", "2025-01-03 16:29:00"),
        ("german", "3.4.2025", "2025-04-03 00:00:00"),
        ("german", "30.02.2025", None),
        ("german", "31.12.25", None),
        ("short_year", "31.12.25", "2025-12-31 00:00:00"),
        ("american", "1/2/2024 1:05 PM", "2024-01-02 13:05:00"),
        ("written", "2025-06-02T00:30:00+02:00", "2025-06-02 00:30:00"),
        ("log", "02/Jun/2025:00:30:00 +0200", "2025-06-01 22:30:00"),
    ],
)  # fmt: skip
def test_times_are_instants_by_one_rule(read, call, text, utc):
    assert read(call, text) == (None if utc is None else dt.datetime.fromisoformat(utc))


def test_a_row_may_have_its_own_time_zone(read):
    assert read("zoned", "2025-07-01 00:30:00", "Asia/Tokyo") == dt.datetime.fromisoformat("2025-06-30 15:30")
    assert read("zoned", "2025-06-30 23:30:00", "America/New_York") == dt.datetime.fromisoformat("2025-07-01 03:30")
    assert read("zoned", "2025-06-30T23:30:00+02:00", "America/New_York") == dt.datetime.fromisoformat(
        "2025-06-30 21:30"
    )
    # ... and the row is rejected for its zone
    assert read("zoned", "2025-07-01 12:00:00", "CEST") == dt.datetime.fromisoformat("2025-07-01 12:00")


def test_yes_and_no_are_known_in_several_languages(read):
    assert {read("boolean", text) for text in ("Yes", "ja", "是", "1")} == {True}
    assert {read("boolean", text) for text in ("No", "nein", "否", "0")} == {False}
    assert read("boolean", "perhaps") is None
