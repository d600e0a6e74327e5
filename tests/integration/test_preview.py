"""What `dmp add-source` shows before it writes anything: the real rules on the first rows."""

from decimal import Decimal
from pathlib import Path

import pytest

from dmp_assets.dbt.project_file import ProjectFile
from dmp_assets.onboarding.decide import Said, plan_table
from dmp_assets.onboarding.inspection import inspect
from dmp_assets.onboarding.mapping import RowFilter, TableMapping
from dmp_assets.onboarding.new_project import create_project
from dmp_assets.onboarding.preview import Preview, preview
from dmp_assets.onboarding.project_settings import change_project

NOBODY = ["NULL", "\\N", "NaN", "nan", "None", "n/a", "#N/A", "-", "0", "unknown", "\u00a0", "", "(null)"]


@pytest.fixture
def look(tmp_path: Path):
    """Return a function that looks at a file in a project of its own."""

    def look(text: str, **said) -> Preview:
        create_project(tmp_path / "shop")
        file = tmp_path / "orders.csv"
        file.write_text(text, encoding="utf-8")
        project = ProjectFile(tmp_path / "shop")
        (found,) = inspect(str(file))
        plan = plan_table("shop", found, Said(**said), None)
        change_project(project, plan, None, None)
        before = project.path.read_text(encoding="utf-8")
        (seen,) = preview([plan], project)
        assert project.path.read_text(encoding="utf-8") == before
        assert not (tmp_path / "shop" / "models" / "staging" / "shop").exists()
        return seen

    return look


def test_nobody_is_no_customer_and_what_is_no_number_or_date_is_rejected(look):
    rows = [f"o{number},{who},p1,2025-01-02,1,10.00" for number, who in enumerate(NOBODY)]
    wrong = ["x1,c1,p1,2025-01-02,NaN,10.00", "x2,c1,p1,2025-01-02,1,1e400", "x3,c1,p1,0000-00-00,1,10.00"]
    text = "\n".join(
        ["order_id,customer_id,product_id,date,quantity,amount", *rows, *wrong, "x9,c1,p1,2025-01-02,1,10.00"]
    )
    seen = look(text + "\n", currency="USD", time_zone="UTC")
    assert dict(seen.rows) == {"accepted": len(NOBODY) + 1, "missing_value": 2, "missing_date": 1}
    assert seen.amounts["accepted"] == Decimal(10 * (len(NOBODY) + 1))
    assert seen.accepted == pytest.approx(14 / 17)
    assert dict(seen.facts) == {
        "period": "2025-01-02 to 2025-01-02", "orders": "14", "customers": "1", "products": "1",
    }  # fmt: skip
    assert seen.notes[0].startswith("13 of 17 rows have a customer_id that means nobody (empty 2, ")
    assert [*seen.frame()["rows"]] == [14, 2, 1, 17]


def test_ids_written_in_several_ways_are_told_and_damaged_ones_are_rejected(look):
    cafes = ("Cafe\u0301", "Caf\u00e9")
    ids = ["00123", "123.0", "123", "8.90123E+11", "8.90123E+11", "'00456"]
    text = "order_id,customer_id,product_id,date,amount\n" + "".join(
        f"{number},{each},{cafes[number % 2]},2025-01-0{number},10\n" for number, each in enumerate(ids, start=1)
    )
    seen = look(text, currency="EUR", time_zone="UTC", declared=TableMapping(strip_zeros=True))
    assert seen.facts["customers"] == "2", "123 and 456"
    assert dict(seen.rows) == {"accepted": 4, "damaged_id": 2}
    assert "(leading zeros 1, decimal point 1, scientific 2, protected from a spreadsheet 1)" in seen.notes[0]
    assert seen.notes[1] == "product_id is written in several ways (accents apart from their letters 3)"


def test_prices_taken_for_totals_other_currencies_and_discounts_in_percent_are_told(look):
    rows = [
        f"{number},c1,p{number % 2},2025-01-02,{number},2.55,{'' if number % 2 else '1.00'}" for number in range(1, 7)
    ]
    other = [
        "7,c1,p9,2025-01-02,1,$ 2.55,",
        "8,c1,p9,2025-01-02,1,2.55 GBP,n/a",
        "9,c1,p9,2025-01-02,1,EUR 2.55,0",
        "10,c1,p9,2025-01-02,1,2.55,10%",
    ]
    text = "\n".join(["order_id,customer_id,product_id,date,quantity,amount,discount", *rows, *other])
    seen = look(text + "\n", currency="GBP", time_zone="UTC")
    assert dict(seen.rows) == {"accepted": 7, "contradictory_currency": 2, "missing_value": 1}
    beside = [note.split(" if all are in it")[0] for note in seen.notes if "stands beside" in note]
    assert beside == [
        "1 rows are in GBP, but $ stands beside their amounts: say --currency USD",
        "1 rows are in GBP, but EUR stands beside their amounts: say --currency EUR",
    ]
    assert seen.doubts[0].startswith("70.0% of the first rows of order_lines would be accepted")
    assert seen.doubts[1:] == [
        "amount is the same whatever the quantity, for 2 of 2 products bought in several quantities: if it is "
        "the price of one piece, say --map unit_price=COLUMN instead of sales_amount"
    ]


def sold(total: str) -> str:
    """Return five orders of two products each, whose column `item-price` has what all pieces of a line cost."""
    pieces = [(order, product, order + 1) for order in range(5) for product in (2, 5)]
    rows = [f"{order},c1,p{product},2025-01-02,{n},{product * n},{order + 9}" for order, product, n in pieces]
    return "\n".join([f"order_id,customer_id,product_id,date,quantity,item-price,{total}", *rows]) + "\n"


def test_the_total_of_an_order_is_not_taken_for_that_of_each_line(look):
    (doubt,) = look(sold("Total"), currency="GBP", time_zone="UTC").doubts
    assert doubt.startswith(
        "Total is the same on all lines of an order, for 5 of 5 orders of several products: if it is what "
    )
    assert "--map 'order_total_amount=Total'" in doubt


def test_what_all_pieces_cost_is_not_taken_for_the_price_of_one(look):
    assert look(sold("remark"), currency="GBP", time_zone="UTC").doubts == [
        "item-price grows with the quantity, for 2 of 2 products bought in several quantities: if it is what all pieces cost, say "
        "--map 'sales_amount=item-price' instead of unit_price"
    ]


def test_whole_amounts_may_be_cents_and_one_id_the_guests(look):
    rows = [f"{number},{number if number < 4 else 99999},p1,2025-01-02,{number}99" for number in range(1, 40)]
    seen = look(
        "\n".join(["order_id,customer_id,product_id,date,amount", *rows]) + "\n", currency="USD", time_zone="UTC"
    )
    assert seen.doubts[1].startswith(
        "shop: customer_id 99999 has 36 of 39 lines, 36 orders; the next customer has 1: if "
    )
    assert seen.doubts[:1] == [
        "all amounts are whole numbers of three digits or more: if they are in cents or the like, say --minor-units"
    ]


def test_rows_that_a_filter_leaves_out_are_counted(look):
    text = "customer_id,product_id,date,amount,status\nc1,p1,2025-01-01,1,Paid\nc1,p1,2025-01-02,2,test\nc1,p1,2025-01-03,3,\n"
    paid = TableMapping(where=(RowFilter.said("status=paid"),))
    seen = look(text, currency="USD", time_zone="UTC", declared=paid)
    assert dict(seen.rows) == {"accepted": 1}
    assert seen.notes[0] == "2 of 3 rows are left out: read are those where status is 'paid'"
