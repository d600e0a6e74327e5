"""Which columns may hold identifiers although their names do not tell: those that differ from customer to customer."""

import pytest

from dmp_assets.onboarding.decide import Said, plan_table
from dmp_assets.onboarding.inspection import inspect

SAID = {"currency": "EUR", "time_zone": "Europe/Berlin"}
CUSTOMERS = 40


def planned(folder, columns, ask=None, *, orders_each=0, **said):
    """Return the plan of a file of customers, or of their orders, with columns that are made from the customer's number."""
    header = ["customer_id", *(["sku", "date", "amount"] if orders_each else ["age"]), *columns]
    lines = [",".join(header)]
    for number in range(CUSTOMERS):
        for order in range(orders_each or 1):
            known = [f"p{order}", f"2024-01-{order + 1:02}", "1.50"] if orders_each else [str(20 + number % 7)]
            lines.append(",".join([f"u{number}", *known, *(make(number) for make in columns.values())]))
    file = folder / ("orders.csv" if orders_each else "customers.csv")
    file.write_text("\n".join(lines))
    (found,) = inspect(str(file))
    return plan_table("shop", found, Said(**said), ask)


def member(number):
    return f"Member {chr(97 + number % 26)}{chr(97 + number // 26)}"


@pytest.mark.parametrize("orders_each", [0, 1, 3])
def test_a_column_that_differs_from_customer_to_customer_is_asked_about_and_goes_to_the_vault(tmp_path, orders_each):
    asked = []

    def ask(question, choices):
        asked.append(question)
        assert {"email", "phone", "name", "none"} <= set(choices)
        return "name"

    plan = planned(tmp_path, {"remark": member}, ask, orders_each=orders_each, **SAID)
    (question,) = asked
    assert question.startswith("remark (Member ")
    assert "differs from customer to customer" in question
    assert plan.rule.identifiers == {"remark": "name"}
    assert plan.raw.undecided == ()


def test_the_answer_none_leaves_the_column_as_it_is(tmp_path):
    plan = planned(tmp_path, {"remark": member}, lambda *_: "none", **SAID)
    assert plan.rule.identifiers == {}
    assert plan.raw.undecided == ()


def test_where_nobody_can_be_asked_it_stays_open_unless_it_was_said(tmp_path):
    assert planned(tmp_path, {"remark": member}, **SAID).raw.undecided == ("remark",)
    said = planned(tmp_path, {"remark": member}, identifiers={"remark": "none"}, **SAID)
    assert said.raw.undecided == ()
    assert planned(tmp_path, {"remark": member}, identifiers={"remark": "name"}, **SAID).rule.identifiers == {
        "remark": "name"
    }


@pytest.mark.parametrize(
    ("column", "make"),
    [
        ("remark", lambda number: f"Group {number % 5}"),  # of many customers
        ("remark", str),  # a number
        ("remark", lambda number: f"2024-02-{number % 28 + 1:02}"),  # a date
        ("hash", lambda number: f"abc{number:05x}f"),  # technical by its name
    ],
)
def test_what_is_shared_or_no_text_is_not_asked_about(tmp_path, column, make):
    def ask(question, _):
        raise AssertionError(question)

    assert planned(tmp_path, {column: make}, ask, **SAID).raw.undecided == ()


@pytest.mark.parametrize("gaps", [0, 3, 25])
def test_customers_without_a_value_and_a_few_with_the_same_one_change_nothing(tmp_path, gaps):
    def make(number):
        return "" if number < gaps else member(max(number, gaps + 1))

    assert planned(tmp_path, {"remark": make}, **SAID).raw.undecided == ("remark",)
