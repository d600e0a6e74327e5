"""Columns that nothing reads, and what they say of the lines."""

import pytest

from dmp_assets.onboarding.mapping import LineTypeRule, RowFilter, TableMapping
from dmp_assets.onboarding.unused_columns import nobody_notes, unused_doubts

ORDERS = "order_id,customer_id,sku,date,amount"


def rows(*ends: str) -> list[str]:
    return [f"{number},c{number},p,2025-01-02,3{end}" for number, end in enumerate(ends)]


def test_lines_of_nobody_are_told_and_who_may_be_the_customer_is_asked(plan):
    anonymous = plan("order_id,sku,date,amount", "1,p,2025-01-02,3")
    assert unused_doubts(anonymous) == []
    assert nobody_notes(anonymous)[0].startswith("no column tells the customer: these lines count in sales")
    named = plan("amazon-order-id,sku,date,amount,customer_info_customer_no", "1,p,2025-01-02,3,7")
    assert [doubt.split(" may tell it")[0] for doubt in unused_doubts(named)] == [
        "no column is taken for customer_id, but customer_info_customer_no",
        "no column is taken for order_id, but amazon-order-id",
    ]
    (by_mail,) = unused_doubts(plan("order_id,sku,date,amount,Contact email", "1,p,2025-01-02,3,a@mail.example"))
    assert "--map 'customer_id=Contact email'" in by_mail
    assert nobody_notes(plan(ORDERS, *rows(""))) == []


@pytest.mark.parametrize("empty", ["merchant-order-id", "note"])
def test_a_column_without_values_may_be_nothing(plan, empty):
    assert unused_doubts(plan(f"sku,date,amount,customer_id,{empty}", "p,2025-01-02,3,c,")) == []


@pytest.mark.parametrize(
    ("values", "named"),
    [
        (("Shipped", "Cancelled"), "Cancelled"),
        (("paid", "PARTIALLY_REFUNDED", "paid"), "PARTIALLY_REFUNDED"),
        (("bezahlt", "storniert"), "storniert"),
        (("已完成", "已取消"), "已取消"),
    ],
)
def test_a_status_of_what_was_not_sold_is_asked_about(plan, values, named):
    (doubt,) = unused_doubts(plan(f"{ORDERS},state", *rows(*(f",{value}" for value in values))))
    assert doubt.startswith(
        f"state has {named}, and such rows would count as sales: say --line-type 'state={named}:void'"
    )


@pytest.mark.parametrize("values", [("paid", "shipped"), ("Avoidance kit", "Cup"), ("Refunded",)])
def test_other_words_and_a_column_that_says_the_same_of_all_are_not(plan, values):
    lines = rows(*(f",{value}" for value in values))
    told = unused_doubts(plan(f"{ORDERS},state", *lines))
    assert [doubt for doubt in told if "Avoidance" not in doubt] == []


def test_purchases_among_other_events_are_asked_about(plan):
    lines = rows(",view", ",addtocart", ",transaction")
    (doubt,) = unused_doubts(plan(f"{ORDERS},event", *lines))
    assert doubt.startswith("event tells purchases (transaction) from other events (addtocart, view)")
    assert doubt.endswith("say --where 'event=transaction'")
    filtered = TableMapping(where=(RowFilter.said("event=transaction"),))
    assert unused_doubts(plan(f"{ORDERS},event", *lines, declared=filtered)) == []


def test_types_of_lines_in_other_words_are_not_taken_for_ours(plan):
    foreign = plan(f"{ORDERS},Line Type", *rows(",Sale Line", ",Payment"))
    assert "line_type" not in foreign.mapping
    (doubt,) = unused_doubts(foreign)
    assert doubt.startswith("Line Type has Payment, Sale Line, which are no types of lines here")
    settled = TableMapping(line_type=(LineTypeRule.said("Line Type=Payment:void"),))
    assert unused_doubts(plan(f"{ORDERS},Line Type", *rows(",Sale Line", ",Payment"), declared=settled)) == []
    assert plan(f"{ORDERS},Line Type", *rows(",Sale", ",fee")).mapping["line_type"].columns == ("Line Type",)


def test_what_came_back_is_asked_about_where_there_is_any(plan):
    header = f"{ORDERS},Quantity refunded"
    (doubt,) = unused_doubts(plan(header, *rows(",0", ",1")))
    assert doubt.startswith("Quantity refunded is not used, so what came back counts as sold")
    assert unused_doubts(plan(header, *rows(",0", ",0"))) == []
    assert "order_refunded_amount" in plan(f"{ORDERS},Refund Amount", *rows(",0", ",1")).mapping
