"""What the pages say of identity, from the tables of a few people."""

import duckdb
import pytest

from dmp_assets.identity.sections import CUSTOMER, SECTIONS
from dmp_assets.platform.sections import Content
from tests.unit.identity.test_matches import two_shops
from tests.unit.identity.world import World, store


def report(connection: duckdb.DuckDBPyConnection) -> Content:
    connection.execute("create schema marts")
    connection.execute(
        """
        create table marts.customer_coverage as
        select 'sessions' as subject, 4 as total, 1 as simulated_total, 0.25 as source_share, 0.75 as customer_share
        union all select 'sales', 0, 0, null, null
        """
    )
    (section,) = SECTIONS
    return section.build({name: connection.execute(sql).df() for name, sql in section.queries.items()})


@pytest.fixture
def tables(tmp_path):
    world = World()
    for number in range(9):
        world.event("1", user="a", device=f"d{number}", email="e")
    world.event("2", user="b", email="e").event("3", device="alone", is_simulated=True)
    store(world, tmp_path / "warehouse.duckdb")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        yield connection


def test_the_report_counts_people_identifiers_and_evidence(tables):
    content = report(tables)
    rows = {table.caption: [list(row) for row in table.rows] for table in content.tables}
    assert rows["Identifiers and whose they are"][0] == ["device", "10", "1", "0", "9", "1"]
    assert rows["Links by evidence"] == [["login", "accepted", "19", "27"], ["login", "demoted", "1", "1"]]
    assert rows["Persons by number of identifiers"] == [["1", "1"], ["8 to 15", "1"]]
    assert rows["Largest persons"] == [["shop:a", "1", "1", "0", "0", "9", "11"]]
    coverage = rows["What has a customer: by the sources, and by who is who"]
    assert coverage == [["sessions", "4", "1", "25.0%", "75.0%"]]
    assert content.headlines[0].value == "2"
    assert content.headlines[0].why == "12 identifiers"


def test_the_report_says_how_many_of_the_identifiers_are_simulated(tmp_path):
    world = (
        World().event("1", user="a", email="e", is_simulated=True).event("2", user="a", device="d", is_simulated=False)
    )
    store(world, tmp_path / "warehouse.duckdb")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        content = report(connection)
    assert content.headlines[0].why == "3 identifiers, 1 of them simulated"


def test_the_page_of_a_customer_counts_what_is_theirs(tables):
    tables.execute("create temp table asked as select 'shop:a' as customer_id")
    (group,) = CUSTOMER.facts({name: tables.execute(sql).df() for name, sql in CUSTOMER.queries.items()})
    assert [(fact.label, fact.value) for fact in group.facts] == [("customer", "1"), ("device", "9"), ("email", "1")]


def test_the_page_of_a_customer_says_why_two_customers_are_one_by_likeness(tmp_path):
    store(two_shops(matches=(("shop:a", "till:x", 0.97),)), tmp_path / "warehouse.duckdb")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("create temp table asked as select 'shop:a' as customer_id")
        _, alike = CUSTOMER.facts({name: connection.execute(sql).df() for name, sql in CUSTOMER.queries.items()})
    assert alike.heading == "Why shop:a and till:x are one person, probability 0.9700"
    assert [(fact.label, fact.value) for fact in alike.facts] == [
        ("prior", "-8.00"),
        ("first name", "+14.51"),
        ("birthday", "-1.50"),
    ]


def test_the_report_says_so_where_nobody_is_known(tmp_path):
    store(World(), tmp_path / "warehouse.duckdb")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        content = report(connection)
    assert {table.reason for table in content.tables} >= {"no listed source names people", "nobody has two"}
