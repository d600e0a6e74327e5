"""A resolution that looks only at whom new rows touch leaves the tables that one of everything makes."""

import datetime as dt
from collections.abc import Sequence

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmp_assets.identity.increments import remember
from dmp_assets.identity.people import TABLES
from dmp_assets.platform.warehouse import Part, replace_part, table_hashes
from tests.unit.identity.world import RULES, World, at

_FEW = RULES.model_copy(
    update={
        "kinds": tuple(
            rule.model_copy(update={"most_neighbours": 3 if rule.kind == "customer" else 2}) for rule in RULES.kinds
        )
    }
)
"""Rules by which three who share a value already prove that it is nobody's."""

_NAMES = [*"abcdefgh"]
_VALUES = {
    "customer_id": [None, None, *(f"shop:{name}" for name in _NAMES), "shop:guest"],
    "anonymous_id": [None, None, "shop:d", "shop:e", "shop:f"],
    "previous_id": [None, None, None, None, "shop:a", "shop:d", "shop:z"],
    "email_token": [None, None, *"mno"],
    "phone_token": [None, None, "p", "q"],
}
_EVENTS = st.fixed_dictionaries(
    {name: st.sampled_from(values) for name, values in _VALUES.items()}
    | {
        "occurred_at": st.integers(0, 200).map(lambda quarters: at("1") + dt.timedelta(minutes=15 * quarters)),
        "event_type": st.sampled_from(["track", "identify", "alias"]),
    }
)
_CUSTOMERS = st.fixed_dictionaries(
    {
        "customer_id": st.sampled_from([*(f"crm:{name}" for name in "abcd"), *(f"shop:{name}" for name in "abc")]),
        "email": st.sampled_from([None, None, *"mno"]),
        "phone": st.sampled_from([None, "p", "q"]),
        "household_id": st.sampled_from([None, "crm:1", "crm:2"]),
    }
)
_ORDERS = st.fixed_dictionaries(
    {
        "customer_id": st.sampled_from([None, *(f"crm:{name}" for name in "abcd")]),
        "email": st.sampled_from([None, *"mno"]),
        "ordered_at": st.integers(0, 50).map(lambda hours: at("1") + dt.timedelta(hours=hours)),
    }
)


@st.composite
def parts(draw) -> list[tuple[list[dict], list[dict], list[dict], tuple]]:
    """Draw four parts of events, customers, orders and likenesses."""
    events = draw(st.lists(_EVENTS, min_size=4, max_size=24))
    customers = draw(st.lists(_CUSTOMERS, max_size=8))
    orders = draw(st.lists(_ORDERS, max_size=8))
    pair = st.tuples(
        st.sampled_from([f"crm:{name}" for name in "abcd"]), st.sampled_from([f"shop:{name}" for name in _NAMES])
    )
    matches = draw(st.lists(pair, max_size=2, unique=True))
    events = [{"event_id": f"web:{number:02}", **event} for number, event in enumerate(events)]
    return [
        (events[n::4], customers[n::4], orders[n::4], tuple((*each, 0.97) for each in matches[n::4])) for n in range(4)
    ]


def world_of(given_parts: Sequence[tuple], decisions: Sequence[tuple[str, str, str | None]] = ()) -> World:
    world = World(rules=_FEW)
    for events, _, _, matches in given_parts:
        world.events += events
        world.matches += matches
    nobody = {"customer_id": None, "email": None, "phone": None, "household_id": None}
    world.table("crm", "customers", *([row for part in given_parts for row in part[1]] or [nobody]))
    no_order = {"customer_id": None, "email": None, "ordered_at": at("1")}
    world.table("till", "order_lines", *([row for part in given_parts for row in part[2]] or [no_order]))
    for decision in decisions:
        world.decide(*decision)
    return world


def clean(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop what the last resolution left, as closing the connection does."""
    for name in TABLES:
        connection.execute(f"drop view if exists found_{name}")
    for (table,) in connection.execute("select table_name from duckdb_tables() where temporary").fetchall():
        connection.execute(f"drop table {table}")


def store(connection: duckdb.DuckDBPyConnection, world: World) -> bool:
    """Resolve and write, as the step does; return whether only a part was resolved."""
    clean(connection)
    is_part = world.resolve(connection)
    remember(connection, is_part=is_part)
    for name, instead_of in TABLES.items():
        if is_part:
            replace_part(connection, f"identity.{name}", Part(f"found_{name}", instead_of))
        else:
            connection.execute(f"create or replace table identity.{name} as from found_{name}")
    return is_part


def hashes(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return {name: text for name, text in table_hashes(connection).items() if name.startswith("identity.")}


def once(world: World) -> dict[str, str]:
    """Return the hashes that one resolution of everything gives."""
    with duckdb.connect() as connection:
        assert not store(connection, world)
        return hashes(connection)


_DECISIONS = st.lists(
    st.sampled_from(
        [
            ("split", "shop:a", "shop:b"),
            ("split", "shop:a", "crm:a"),
            ("join", "shop:c", "shop:d"),
            ("join", "shop:e", "shop:guest"),
            ("block", "email:m", None),
        ]
    ),
    max_size=3,
    unique=True,
)


@given(parts(), st.permutations(range(4)), _DECISIONS)
@settings(max_examples=15)
def test_four_parts_in_any_order_give_the_tables_of_one_resolution(given_parts, order, decisions) -> None:
    with duckdb.connect() as connection:
        for number in range(1, 5):
            arrived = world_of([given_parts[place] for place in order[:number]], decisions)
            assert store(connection, arrived) == (number > 1)
        assert hashes(connection) == once(arrived)


@given(parts(), st.permutations(range(4)))
@settings(max_examples=10)
def test_what_is_gone_leaves_the_tables_of_a_resolution_without_it(given_parts, order) -> None:
    with duckdb.connect() as connection:
        for number in range(4, 0, -1):
            rest = world_of([given_parts[place] for place in order[:number]])
            store(connection, rest)
        assert hashes(connection) == once(rest)


def two_couples() -> World:
    world = World()
    for name, address in (("a", "m"), ("b", "m"), ("c", "n"), ("d", "n")):
        world.event("1 10:00", event_type="identify", user=name, email=address)
    return world


def test_only_whom_new_rows_touch_is_resolved_again() -> None:
    with duckdb.connect() as connection:
        store(connection, two_couples())
        clean(connection)
        world = two_couples().event("1 09:00", event_type="identify", user="a", phone="p")
        assert world.resolve(connection)
        found = connection.execute("select identifier_id from found_identifiers order by 1").fetchall()
    assert found == [("email:m",), ("phone:p",), ("shop:a",), ("shop:b",)]


def test_without_anything_new_nobody_is_resolved() -> None:
    with duckdb.connect() as connection:
        store(connection, two_couples())
        before = hashes(connection)
        assert store(connection, two_couples())
        assert connection.execute("from touched").fetchall() == []
        assert hashes(connection) == before


def test_a_value_of_nobody_connects_none_of_those_who_have_it() -> None:
    world = World(rules=_FEW)
    for name in "abcd":
        world.event("1 10:00", user=name, email="m").event("1 11:00", user=name, phone=name)
    with duckdb.connect() as connection:
        store(connection, world)
        assert store(connection, world.event("2 10:00", user="e", email="m"))
        found = connection.execute("select identifier_id from identity.identifiers where blocked_because like '%5%'")
        assert found.fetchall() == [("email:m",)]
        touched = "from identity._components where identifier in (from touched)"
        assert connection.execute(f"select count(*) {touched}").fetchone() == (1,)
        assert hashes(connection) == once(world)


@pytest.mark.parametrize("change", ["rules", "decision"])
def test_other_rules_or_decisions_resolve_everything_again(change: str) -> None:
    with duckdb.connect() as connection:
        store(connection, two_couples())
        world = two_couples()
        if change == "rules":
            world.rules = _FEW
        else:
            world.decide("join", "shop:a", "shop:c")
        assert not store(connection, world)
        assert hashes(connection) == once(world)
