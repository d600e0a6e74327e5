import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from dmp_assets.audiences import schema
from dmp_assets.audiences.members import GONE, NOT_ALLOWED, RULE_CHANGED
from tests.unit.audiences.people import DAY, REACHED, at_least, build, warehouse, write

TOMORROW = DAY + dt.timedelta(days=1)
PEOPLE = {
    key: {"recency_days": number, "tier": "gold" if key == "a" else "basic"} for number, key in enumerate("abcde")
}
ORDERS = [("a", "2017-12-01", 5.0), ("a", "2017-12-02", 5.0), ("b", "2017-12-03", 7.0)]


def of(table: pd.DataFrame, *columns: str, audience: str = "it") -> list[tuple]:
    mine = table[table["audience"] == audience]
    return list(mine[list(columns)].itertuples(index=False, name=None))


def test_members_meet_the_rule_and_may_be_reached(tmp_path: Path) -> None:
    write(tmp_path, "it", at_least(1), head=REACHED)
    write(tmp_path, "analysis", at_least(1))
    connection = warehouse(PEOPLE | {"a": {"is_simulated": True}}, ORDERS, refuse_email=["b"])
    tables = build(connection, tmp_path).tables
    assert of(tables["audiences"], "matching", "left_out", "members", "simulated", "is_small") == [(2, 1, 1, 1, True)]
    assert of(tables["audience_members"], "customer_id", "is_simulated") == [("a", True)]
    assert of(tables["audience_members"], "customer_id", audience="analysis") == [("a",), ("b",)]
    assert of(tables["audience_overlap"], "other_audience", "shared_members", "share", "jaccard") == [
        ("analysis", 1, 1.0, 0.5)
    ]
    for name, table in tables.items():
        getattr(schema, name.upper()).validate(table)
    # A rerun finds the same.
    for name, table in build(connection, tmp_path).tables.items():
        pd.testing.assert_frame_equal(table, tables[name])


def test_who_enters_and_leaves_is_told_with_the_conditions_that_decided(tmp_path: Path) -> None:
    write(tmp_path, "it", at_least(1), head=REACHED)
    connection = warehouse(PEOPLE, ORDERS)
    first = build(connection, tmp_path).tables
    assert first["audience_changes"].empty  # an audience that begins has no changes
    people = {key: of for key, of in PEOPLE.items() if key != "b"}
    orders = [*ORDERS[:1], ("c", "2018-01-01", 3.0), ("b", "2017-12-03", 7.0)]
    warehouse(people, orders, as_of_on=TOMORROW, into=connection)
    second = build(connection, tmp_path, TOMORROW).tables
    assert of(second["audience_changes"], "customer_id", "change", "because", "conditions", "entered_on") == [
        ("b", "left", GONE, GONE, pd.Timestamp(DAY)),
        ("c", "entered", "number of orders is 1 (at least 1)", "at least 1 orders", pd.Timestamp(TOMORROW)),
    ]
    assert of(second["audience_members"], "customer_id", "entered_on") == [
        ("a", pd.Timestamp(DAY)),
        ("c", pd.Timestamp(TOMORROW)),
    ]
    assert of(second["audiences"], "entered", "left") == [(1, 1)]
    assert of(second["audience_counts"], "as_of_on", "members") == [(pd.Timestamp(TOMORROW), 2)]
    # A rerun of the day, and of the day before, see what the first run saw.
    again = build(connection, tmp_path, TOMORROW).tables
    pd.testing.assert_frame_equal(again["audience_changes"], second["audience_changes"])
    pd.testing.assert_frame_equal(again["audience_members"], second["audience_members"])
    warehouse(PEOPLE, ORDERS, into=connection)
    back = build(connection, tmp_path).tables
    pd.testing.assert_frame_equal(back["audience_members"], first["audience_members"])
    assert back["audience_changes"].empty


def test_a_rerun_that_finds_nobody_changed_takes_back_what_the_run_before_found(tmp_path: Path) -> None:
    write(tmp_path, "it", at_least(1))
    connection = warehouse(PEOPLE, ORDERS)
    build(connection, tmp_path)
    warehouse(PEOPLE, ORDERS[:-1], as_of_on=TOMORROW, into=connection)
    assert of(build(connection, tmp_path, TOMORROW).tables["audience_changes"], "customer_id") == [("b",)]
    warehouse(PEOPLE, ORDERS, as_of_on=TOMORROW, into=connection)
    mended = build(connection, tmp_path, TOMORROW).tables
    assert mended["audience_changes"].empty
    assert of(mended["audience_members"], "entered_on") == [(pd.Timestamp(DAY),)] * 2
    assert connection.execute("select count(*) from audiences.audience_changes").fetchall() == [(0,)]


def test_an_earlier_date_than_the_first_begins_there(tmp_path: Path) -> None:
    write(tmp_path, "it", at_least(1))
    connection = warehouse(PEOPLE, ORDERS, as_of_on=TOMORROW)
    build(connection, tmp_path, TOMORROW)
    warehouse(PEOPLE, ORDERS[:-1], into=connection)
    earlier = build(connection, tmp_path).tables
    schema.AUDIENCE_MEMBERS.validate(earlier["audience_members"])
    assert of(earlier["audience_members"], "customer_id", "entered_on") == [("a", pd.Timestamp(DAY))]
    warehouse(PEOPLE, ORDERS, as_of_on=TOMORROW, into=connection)
    later = build(connection, tmp_path, TOMORROW).tables
    assert of(later["audience_changes"], "customer_id", "change") == [("b", "entered")]
    assert of(later["audience_members"], "customer_id", "entered_on") == [
        ("a", pd.Timestamp(DAY)),
        ("b", pd.Timestamp(TOMORROW)),
    ]


def test_leaving_by_the_rule_by_permission_and_by_a_merge_are_told_apart(tmp_path: Path) -> None:
    write(tmp_path, "it", "{column: recency_days, operator: '<', value: 30}", head=REACHED)
    connection = warehouse(PEOPLE)
    build(connection, tmp_path)
    people = {key: dict(of) for key, of in PEOPLE.items() if key != "d"} | {"a": {"recency_days": 45}}
    warehouse(people, refuse_email=["b"], as_of_on=TOMORROW, into=connection)
    connection.execute("insert into marts.customer_identifiers values ('d', 'customer', '', 'c', 1, null, null)")
    changes = build(connection, tmp_path, TOMORROW).tables["audience_changes"]
    assert of(changes[changes["change"] == "left"], "customer_id", "because") == [
        ("a", "recency days is 45 (not less than 30)"),
        ("b", NOT_ALLOWED),
        ("d", "is one person with c now"),
    ]


def test_a_changed_rule_is_no_customers_doing(tmp_path: Path) -> None:
    write(tmp_path, "it", at_least(2))
    connection = warehouse(PEOPLE, ORDERS)
    build(connection, tmp_path)
    write(tmp_path, "it", at_least(1))
    warehouse(PEOPLE, ORDERS, as_of_on=TOMORROW, into=connection)
    changes = build(connection, tmp_path, TOMORROW).tables["audience_changes"]
    assert of(changes, "customer_id", "change", "because") == [("b", "entered", RULE_CHANGED)]


def test_a_broken_audience_fails_alone_and_goes_on_where_it_was(tmp_path: Path) -> None:
    write(tmp_path, "it", at_least(1))
    write(tmp_path, "other", at_least(1))
    write(tmp_path, "asks", "{audience: it}")
    connection = warehouse(PEOPLE, ORDERS)
    build(connection, tmp_path)
    write(tmp_path, "it", "{column: recency, operator: '>', value: 1}")
    warehouse(PEOPLE, ORDERS, as_of_on=TOMORROW, into=connection)
    broken = build(connection, tmp_path, TOMORROW)
    assert "unknown column 'recency'; did you mean 'recency_days'?" in broken.wrong["it"]
    assert "it.yml, line 5" in broken.wrong["it"]
    assert set(broken.wrong) == {"it", "asks"}
    assert of(broken.tables["audiences"], "members", audience="other") == [(2,)]
    assert not of(broken.tables["audiences"], "members")
    assert of(broken.tables["audience_members"], "customer_id", "as_of_on") == [
        (key, pd.Timestamp(DAY)) for key in "ab"
    ]
    write(tmp_path, "it", at_least(1))
    mended = build(connection, tmp_path, TOMORROW).tables
    assert of(mended["audience_members"], "customer_id", "entered_on") == [
        ("a", pd.Timestamp(DAY)),
        ("b", pd.Timestamp(DAY)),
    ]


def test_what_fails_when_it_is_computed_fails_alone_too(tmp_path: Path) -> None:
    write(tmp_path, "it", at_least(1))
    write(tmp_path, "bad", "{measure: sum, of: orders, column: sales_amount, operator: '>', value: 1}")
    connection = warehouse(PEOPLE, ORDERS)
    connection.execute("alter table marts.fct_orders alter sales_amount type decimal(38, 0)")
    connection.execute(f"update marts.fct_orders set sales_amount = {'9' * 38}")
    built = build(connection, tmp_path)
    assert set(built.wrong) == {"bad"}
    assert "it cannot be computed" in built.wrong["bad"]
    assert of(built.tables["audiences"], "members") == [(2,)]


@pytest.mark.parametrize(("rule", "members"), [(at_least(9), 0), (at_least(0), 5)])
def test_nobody_and_everybody_are_audiences(tmp_path: Path, rule: str, members: int) -> None:
    write(tmp_path, "it", rule)
    built = build(warehouse(PEOPLE, ORDERS), tmp_path)
    assert of(built.tables["audiences"], "members") == [(members,)]
    assert built.tables["audience_traits"].empty


def test_ten_thousand_ids_in_a_list(tmp_path: Path) -> None:
    ids = ", ".join(f"o{number}" for number in range(10_000))
    where = f"{{column: order_id, operator: in, value: [{ids}]}}"
    write(tmp_path, "it", f"{{measure: count, of: orders, where: {where}, operator: '>', value: 0}}")
    built = build(warehouse(PEOPLE, ORDERS), tmp_path)
    assert not built.wrong
    assert of(built.tables["audiences"], "members") == [(2,)]


def test_who_refuses_profiles_is_judged_by_no_audience(tmp_path: Path) -> None:
    write(tmp_path, "it", at_least(1))
    connection = warehouse(PEOPLE, ORDERS)
    connection.execute(
        "update marts.contact_permissions set is_allowed = false where purpose = 'analytics' and customer_id = 'a'"
    )
    built = build(connection, tmp_path)
    assert of(built.tables["audience_members"], "customer_id") == [("b",)]
    assert of(built.tables["audiences"], "matching") == [(1,)]


def test_without_audiences_and_without_customers_the_tables_are_empty(tmp_path: Path) -> None:
    built = build(warehouse({}), tmp_path)
    assert all(table.empty for table in built.tables.values())
    write(tmp_path, "it", at_least(1))
    built = build(warehouse({}), tmp_path)
    assert of(built.tables["audiences"], "matching", "members") == [(0, 0)]


def test_traits_tell_what_members_are_and_others_are_not(tmp_path: Path) -> None:
    write(tmp_path, "it", "{column: loyalty_tier, operator: '=', value: gold}")
    gold = {f"g{number}": {"recency_days": 1, "tier": "gold"} for number in range(10)}
    others = {f"o{number}": {"recency_days": 2 * (number % 2), "tier": "basic"} for number in range(10)}
    traits = build(warehouse(gold | others), tmp_path).tables["audience_traits"]
    assert of(traits, "rank", "trait", "members_average", "others_average", "is_share") == [
        (1, "loyalty_tier: basic", 0.0, 1.0, True),
        (2, "loyalty_tier: gold", 1.0, 0.0, True),
    ]  # the mean of recency is the same
    assert of(traits, "difference") == [(-2.0,), (2.0,)]
    # Of nine nothing is told: that would be about single people.
    assert (
        build(warehouse({key: of for key, of in gold.items() if key != "g1"} | others), tmp_path)
        .tables["audience_traits"]
        .empty
    )
