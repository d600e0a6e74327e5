from collections.abc import Mapping

import duckdb
import pytest

from dmp_assets.sources.declare import DeclaredTable, LoadRule
from dmp_assets.sources.dominant_customers import dominant_customers

RULE = LoadRule(
    location="x",
    format="csv",
    contract="order_lines",
    customer="Kunde",
    identifiers={"Kunde": "email", "Mail": "email"},
)


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        connection.execute("create schema raw; create schema intermediate")
        yield connection


def told(
    connection, orders: Mapping[str | None, int], *, mails: Mapping[str, int] | None = None, mapping=None
) -> list[str]:
    """Judge customers with so many orders and, of raw rows, e-mail addresses."""
    connection.execute(
        "create or replace table intermediate.int_order_lines_checked (source varchar, customer_id varchar, order_id varchar, "
        "store_id varchar, reject_reason varchar, _load_id varchar, _row bigint)"
    )
    for customer, count in orders.items():
        connection.execute(
            "insert into intermediate.int_order_lines_checked "
            "select 'till', 'till:' || ?, ? || number, 'till:' || number % 3, null, ?, number from range(?) as t (number)",
            [customer, customer, customer, count],
        )
    connection.execute(
        'create or replace table raw.till__lines ("Kunde" varchar, "Mail" varchar, _load_id varchar, _row bigint)'
    )
    for customer, count in (mails or {}).items():
        connection.execute(
            "insert into raw.till__lines select ?, 'pseudonym' || number, ?, number from range(?) as t (number)",
            [customer, customer, count],
        )
    rule = RULE.model_copy(update={"identifiers": {"Mail": "email"}}) if mails else RULE
    return dominant_customers(connection, DeclaredTable("till", "lines", "", {}, rule, mapping=mapping or {}))


PEOPLE = {f"c{number}": number % 5 + 1 for number in range(40)}


def test_an_id_with_far_more_orders_than_any_person_may_stand_for_nobody(connection):
    assert told(connection, {**PEOPLE, "99999": 800}) == [
        "till: customer_id 99999 has 800 of 920 lines, 800 orders in 3 stores; the next customer has 5: if it stands for "
        "nobody, say `dmp add-source till --replace --nobody 99999`"
    ]


def test_several_of_them_are_found_beside_each_other(connection):
    found = told(connection, {**PEOPLE, "99999": 800, "WALK IN": 90})
    assert [sentence.split()[2] for sentence in found] == ["99999", "WALK"]


@pytest.mark.parametrize(
    "orders",
    [PEOPLE, {**PEOPLE, "wholesaler": 45}, {"only one": 500}, {"a": 20, "b": 1}, {**PEOPLE, None: 900}, {}],
    ids=["people", "a good customer", "one customer", "few orders", "nobody already", "nothing"],
)
def test_a_person_is_one(connection, orders):
    assert told(connection, orders) == []


def test_an_id_with_many_e_mail_addresses_is_not_one_person(connection):
    found = told(connection, {"GUEST": 12, "c1": 3, "c2": 2}, mails={"GUEST": 12, "c1": 1, "c2": 1})
    assert found == [
        "till: customer_id GUEST comes with 12 different values of Mail (email), the next customer with 1: if it stands for "
        "nobody, say `dmp add-source till --replace --nobody GUEST`"
    ]
    assert told(connection, {"c1": 3, "c2": 2}, mails={"GUEST": 12, "c1": 1, "c2": 1}) == [], "nobody's already"


def test_once_it_is_said_who_is_nobody_nothing_is_open(connection):
    assert told(connection, {**PEOPLE, "99999": 800}, mapping={"nobody": []}) == []


def test_before_the_first_build_nothing_is_known(connection):
    connection.execute("drop schema intermediate")
    assert dominant_customers(connection, DeclaredTable("till", "lines", "", {}, RULE)) == []
