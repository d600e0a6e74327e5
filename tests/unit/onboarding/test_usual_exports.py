"""Exports as people send them, from the first look to the rows of the raw table."""

import json
from pathlib import Path

import pytest

from dmp_assets.onboarding.inspection import inspect
from dmp_assets.onboarding.recognise import Reading
from dmp_assets.sources.declare import DeclaredTable
from dmp_assets.sources.land import land_files
from dmp_assets.sources.read import files_of
from tests.unit.shop import NOW, Shop
from tests.unit.workbook import write_workbook


class Export:
    """What was landed of a file after a look at it."""

    def __init__(self, shop: Shop, file: Path, **said) -> None:
        (found,) = inspect(str(file), Reading(**said))
        self.columns = [column.name for column in found.columns]
        self.rule = found.rule.model_copy(update={"contract": "order_lines"})
        table = DeclaredTable("shop", "orders", "", dict.fromkeys(self.columns, "VARCHAR"), self.rule)
        files = files_of(self.rule)
        assert files
        land_files(shop.warehouse, shop.settings, table, files, now=NOW)
        names = ", ".join(f'"{column}"' for column in self.columns)
        self.rows = shop.rows(f"select _row, {names} from raw.shop__orders order by _row")
        self.aside = shop.rows("select _row, reason from raw.rejected_lines order by _row")


def test_an_erp_list_with_a_separator_line_totals_and_an_end(shop):
    lines = [
        "sep=;",
        "Kundennummer;Artikelnummer;Belegdatum;Menge;Betrag;Bemerkung",
        "0000012345;000000000000004711;03.04.2025;2;1.234,50;",
        "0000012345;000000000000004712;13.04.2025;1;12,50-;Gutschrift",
        "",
        "0000099999;000000000000004711;31.12.25;0,5;-7,00;",
        "Kundennummer;Artikelnummer;Belegdatum;Menge;Betrag;Bemerkung",
        "0000012345;000000000000004711;01.05.2025;10;1.234;",
        ";;;Summe;2.466,50;",
        "*** Ende der Liste, 6 Sätze ***",
    ]
    export = Export(shop, shop.write("umsatz.csv", "".join(f"{line}\r\n" for line in lines).encode("cp1252")))
    assert (export.rule.encoding, export.rule.delimiter, export.rule.skip) == ("cp1252", ";", 1)
    assert [(row[0], row[1], row[5]) for row in export.rows] == [
        (3, "0000012345", "1.234,50"),
        (4, "0000012345", "12,50-"),
        (6, "0000099999", "-7,00"),
        (8, "0000012345", "1.234"),
    ]
    assert export.aside == [(7, "repeated_header"), (9, "totals_row"), (10, "missing_columns")]
    assert shop.rows("select line from raw.rejected_lines where _row = 10") == [("*** Ende der Liste, 6 Sätze ***",)]


def test_a_log_without_a_header_keeps_its_first_line(shop):
    file = shop.write("UserBehavior.csv", "1,2268318,2520377,pv,1511544070\n1,2333346,2520771,buy,1511561733\n")
    export = Export(shop, file, names=["user", "item", "category", "behavior", "at"])
    assert export.rows == [
        (1, "1", "2268318", "2520377", "pv", "1511544070"),
        (2, "1", "2333346", "2520771", "buy", "1511561733"),
    ]


@pytest.mark.parametrize(
    ("encoding", "found"), [("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be")]
)
def test_unicode_text_of_a_spreadsheet_with_a_quote_that_never_closes(shop, encoding, found):
    text = (
        "Customer ID\tProduct\tAmount\tComment\r\n"
        '42\tCafé ☕ "grand"\t1\u202f234,50\t"first line\nsecond line, with a tab:\there"\r\n'
        "43\tمرحبا\t12,50\t👩‍👧 family\r\n"
        '44\tx\t3,00\t"unclosed\r\n'
        "45\ty\t4,00\tread\r\n"
    )
    export = Export(shop, shop.write("export.txt", text.encode(encoding)))
    assert (export.rule.encoding, export.rule.delimiter) == (found, "\t")
    assert export.rows == [
        (2, "42", 'Café ☕ "grand"', "1\u202f234,50", "first line\nsecond line, with a tab:\there"),
        (4, "43", "مرحبا", "12,50", "👩‍👧 family"),
        (6, "45", "y", "4,00", "read"),
    ]
    assert export.aside == [(5, "unclosed_quote")]


def test_two_files_put_together_with_a_mark_a_header_and_another_encoding_in_the_middle(shop):
    header = "customer_id,product_id,date,amount\n"
    content = (header + "1,Müsli,2025-01-01,1.00\n").encode() + "2,Müsli,2025-01-02,2.00\n".encode("cp1252")
    content += (header + "3,Müsli,2025-01-03,3.00\n").encode("utf-8-sig")
    export = Export(shop, shop.write("mixed.csv", content))
    assert export.columns == ["customer_id", "product_id", "date", "amount"]
    assert [row[:3] for row in export.rows] == [(2, "1", "Müsli"), (5, "3", "Müsli")]
    assert export.aside == [(3, "invalid_encoding"), (4, "repeated_header")]


def test_a_report_of_a_branch_in_a_workbook(shop):
    stamp, padded = 1, 2
    sheet = [
        ("Sales of branch 12",),
        ("Period: 01/03/2025 - 31/03/2025",),
        (),
        ("Receipt", "Customer", "Article", "Date", "Qty", "Amount", "Remark"),
        (1001, (123, padded), "A-1", (45717.4, stamp), 2, 19.98),
        (1001, (123, padded), 12345, (45717.4, stamp), 1, 5, "returned?"),
        (),
        (1002, (4567, padded), "A-1", (45720.99998842592, stamp), 1, 9.99),
        ("Subtotal", None, None, None, None, 34.97),
        (1003, (123, padded), "007", (45732.0, stamp), 1, -9.99, "return"),
        ("Total", None, None, None, 4, 24.98),
    ]
    file = write_workbook(shop.folder / "report.xlsx", {"Notes": [("x",)], "Sales": sheet}, {"Sales": ["A1:G1"]})
    export = Export(shop, file)
    assert (export.rule.sheet, export.rule.skip) == ("Sales", 3)
    assert [row[:7] for row in export.rows] == [
        (5, "1001", "000123", "A-1", "2025-03-01 09:36:00", "2", "19.98"),
        (6, "1001", "000123", "12345", "2025-03-01 09:36:00", "1", "5"),
        (8, "1002", "004567", "A-1", "2025-03-04 23:59:59", "1", "9.99"),
        (10, "1003", "000123", "007", "2025-03-16", "1", "-9.99"),
    ]
    assert export.aside == [(9, "totals_row"), (11, "totals_row")]


def test_orders_of_an_interface_with_lines_and_refunds(shop):
    order = {
        "id": 450789469,
        "created_at": "2025-03-30T02:30:00+02:00",
        "customer": {"id": 207119551},
        "line_items": [{"sku": "A", "quantity": 2, "price": "10.00"}, {"sku": "B", "quantity": 1, "price": "25.50"}],
        "refunds": [
            {"created_at": "2025-04-01T10:00:00Z", "refund_line_items": [{"quantity": 1, "subtotal": 10.0}]},
            {"created_at": "2025-04-02T10:00:00Z", "refund_line_items": []},
        ],
    }
    file = shop.write(
        "orders.json", json.dumps({"orders": [order, order | {"id": 2, "line_items": [], "refunds": []}]})
    )
    export = Export(shop, file, explode=["line_items", "refunds.refund_line_items"])
    assert (export.rule.format, export.rule.records) == ("json", "orders")
    assert shop.rows(
        "select id, customer_id, line_items_sku, line_items_price, refunds_refund_line_items_subtotal, refunds_created_at "
        "from raw.shop__orders order by _row"
    ) == [
        ("450789469", "207119551", "A", "10.00", None, None),
        ("450789469", "207119551", "B", "25.50", None, None),
        ("450789469", "207119551", None, None, "10.0", "2025-04-01T10:00:00Z"),
        ("450789469", "207119551", None, None, None, "2025-04-02T10:00:00Z"),
    ]
    assert export.aside == [(2, "without_lines")]
