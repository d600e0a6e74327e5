import duckdb
import pytest

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.sections import CustomerSection, Fact, FactGroup
from dmp_assets.reports.customer_facts import read_customer
from tests.unit.persons import write_persons


@pytest.fixture
def warehouse():
    with duckdb.connect() as connection:
        connection.execute("create schema profiles")
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.contact_permissions as from (values ('shop:1', date '2018-01-01'), "
            "('shop:1', date '2018-01-01'), ('shop:2', date '2018-01-01')) as t(customer_id, as_of_on)"
        )
        write_persons(connection, ["shop:1", "shop:2", "web:9"])
        connection.execute("update marts.customer_identifiers set customer_id = 'shop:1' where identifier_id = 'web:9'")
        connection.execute("create table profiles.bought as from (values ('shop:1', 'TEA')) as t(customer_id, product)")
        yield connection


def bought(frames):
    return [FactGroup("Bought", [Fact(product, "once") for product in frames["bought"]["product"]])]


BOUGHT = CustomerSection(
    20, {"bought": "select * from profiles.bought where customer_id in (select customer_id from asked)"}, bought
)
FIRST = CustomerSection(10, {}, lambda frames: [FactGroup("First", [Fact("a", "b")])])


def test_what_the_domains_know_is_told_in_their_order(warehouse):
    known = read_customer([BOUGHT, FIRST], warehouse, "shop:1")
    assert (known.customer_id, str(known.as_of_on)) == ("shop:1", "2018-01-01")
    assert [group.heading for group in known.groups] == ["First", "Bought"]


def test_a_customer_is_found_by_any_id_that_is_theirs(warehouse):
    known = read_customer([BOUGHT], warehouse, "web:9")
    assert (known.customer_id, [group.heading for group in known.groups]) == ("shop:1", ["Bought"])


def test_only_the_customer_asked_for_is_told_of_and_groups_without_a_fact_are_left_out(warehouse):
    assert read_customer([BOUGHT], warehouse, "shop:2").groups == []


def test_an_unknown_customer_is_said_so_with_an_example_of_an_id(warehouse):
    with pytest.raises(UserError, match=r"no customer 1 in .*; ids look like shop:1"):
        read_customer([BOUGHT], warehouse, "1")
