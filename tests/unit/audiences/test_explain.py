import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from dmp_assets.audiences.define import load_audiences
from dmp_assets.audiences.explain import Explanation, difference, explain
from dmp_assets.audiences.export import export_members
from dmp_assets.audiences.preview import preview
from dmp_assets.platform.errors import UserError
from tests.unit.audiences.people import DAY, HEAD, REACHED, at_least, build, warehouse, write

PEOPLE = {key: {"recency_days": 10 * number} for number, key in enumerate("abc")}
ORDERS = [("a", f"2017-12-{day:02}", 5.0) for day in range(1, 9)] + [("b", "2017-12-03", 7.0)]


@pytest.fixture
def explained(tmp_path: Path):
    def of(customer: str, rule: str = at_least(3), *, refuse: str = "") -> Explanation:
        write(tmp_path, "it", rule, head=REACHED)
        connection = warehouse(PEOPLE, ORDERS, refuse_email=refuse)
        return explain(connection, load_audiences(tmp_path), "it", customer, DAY)

    return of


def test_why_names_the_rows_behind_each_condition(explained) -> None:
    found = explained("a")
    assert found.is_member
    assert found.because == ("number of orders is 8 (at least 3)",)
    ((evidence),) = found.evidence
    assert (evidence.condition, evidence.count) == ("at least 3 orders", 8)
    assert [row["order_id"] for row in evidence.rows] == ["o7", "o6", "o5", "o4", "o3"]
    assert "8 rows behind: at least 3 orders, the newest 5" in list(found.in_words())


def test_why_not_says_how_far_off(explained) -> None:
    found = explained("b")
    assert (found.is_member, found.meets_rule) == (False, False)
    assert found.short_of == ("needs 2 more orders",)
    assert [row["order_id"] for row in found.evidence[0].rows] == ["o8"]
    assert list(found.in_words())[:5] == [
        "b is not in the audience it, as of 2018-01-01.",
        "The rule is not met:",
        "  number of orders is 1 (not at least 3)",
        "How far off:",
        "  needs 2 more orders",
    ]


def test_why_not_names_the_permission_that_is_missing(explained) -> None:
    found = explained("a", refuse="a")
    assert (found.is_member, found.meets_rule) == (False, True)
    assert found.permission == "Marketing by email is not allowed: default."


def test_the_rows_of_a_sequence_are_those_of_its_steps(explained) -> None:
    first = "{of: orders, within: {to: 2017-12-02}}"
    found = explained("a", f"{{sequence: [{first}, {{of: orders, within_days: 2}}]}}")
    assert found.is_member
    assert found.evidence[0].count == 2 + 8


def test_what_is_unknown_is_said(explained) -> None:
    found = explained("c", "{measure: days since last, of: orders, operator: '<', value: 30}")
    assert found.meets_rule is None
    assert found.because == ("days since last of orders is unknown",)
    assert "left open" in list(found.in_words())[1]


def test_a_former_id_is_the_customer_of_today(tmp_path: Path) -> None:
    write(tmp_path, "it", at_least(3))
    connection = warehouse(PEOPLE, ORDERS)
    connection.execute("insert into marts.customer_identifiers values ('email:x', 'email', '', 'a', 1, null, null)")
    assert explain(connection, load_audiences(tmp_path), "it", "email:x", DAY).customer_id == "a"


@pytest.mark.parametrize(
    ("name", "customer", "words"),
    [
        ("itt", "a", "Unknown audience 'itt'; did you mean 'it'?"),
        ("it", "z", "There is no customer z"),
        ("it", "c", "c refuses analytics or personalization"),
        ("wrong", "a", "unknown column 'reccency_days'; did you mean 'recency_days'?"),
    ],
)
def test_what_cannot_be_explained_is_said(tmp_path: Path, name: str, customer: str, words: str) -> None:
    write(tmp_path, "it", at_least(3))
    write(tmp_path, "wrong", "{column: reccency_days, operator: '>', value: 3}")
    connection = warehouse(PEOPLE, ORDERS)
    connection.execute(
        "update marts.contact_permissions set is_allowed = false where purpose = 'analytics' and customer_id = 'c'"
    )
    with pytest.raises(UserError) as raised:
        explain(connection, load_audiences(tmp_path), name, customer, DAY)
    assert words.casefold() in str(raised.value).casefold()


def test_a_difference_is_who_came_and_went_since_a_date(tmp_path: Path) -> None:
    folder = tmp_path / "audiences"
    write(folder, "it", at_least(1))
    connection = warehouse(PEOPLE, ORDERS)
    with pytest.raises(UserError, match="dmp build"):
        difference(connection, "it", DAY)
    build(connection, folder)
    tomorrow = DAY + dt.timedelta(days=1)
    warehouse(PEOPLE, ORDERS[:-1], as_of_on=tomorrow, into=connection)
    build(connection, folder, tomorrow)
    found = difference(connection, "it", tomorrow)
    assert found[["customer_id", "change", "because"]].to_numpy().tolist() == [
        ["b", "left", "number of orders is 0 (not at least 1)"]
    ]
    assert len(difference(connection, "it", DAY)) == 1
    assert difference(connection, "it", tomorrow + dt.timedelta(days=1)).empty


def test_a_preview_keeps_nothing_and_may_ask_about_the_projects_audiences(tmp_path: Path) -> None:
    folder = tmp_path / "audiences"
    write(folder, "buyers", at_least(1))
    connection = warehouse(PEOPLE, ORDERS, refuse_email="b")
    tried = write(tmp_path / "tried", "tried", "{audience: buyers}", head=REACHED)
    found = preview(connection, load_audiences(folder), tried, DAY)
    assert (found.judged, found.matching, found.left_out, found.members, found.examples) == (3, 2, 1, 1, ["a"])
    assert not connection.execute("select 1 from duckdb_tables() where schema_name = 'audiences'").fetchall()
    # A changed file of the project's own takes its place.
    changed = write(tmp_path / "tried", "buyers", at_least(8))
    assert preview(connection, load_audiences(folder), changed, DAY).matching == 1
    circle = write(tmp_path / "tried", "buyers", "{audience: buyers}")
    with pytest.raises(UserError, match="asks about itself"):
        preview(connection, load_audiences(folder), circle, DAY)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_members_are_exported_as_a_whole_or_not_at_all(tmp_path: Path, ending: str) -> None:
    folder, file = tmp_path / "audiences", tmp_path / f"it{ending}"
    write(folder, "it", at_least(1), head=HEAD)
    connection = warehouse(PEOPLE, ORDERS)
    audiences = load_audiences(folder)
    with pytest.raises(UserError, match="has not been built yet"):
        export_members(connection, audiences, "it", file)
    build(connection, folder)
    assert export_members(connection, audiences, "it", file) == 2
    written = pd.read_csv(file) if ending == ".csv" else pd.read_parquet(file)
    assert written["customer_id"].tolist() == ["a", "b"]
    with pytest.raises(UserError, match=r"\.csv or \.parquet"):
        export_members(connection, audiences, "it", tmp_path / "it.txt")
    with pytest.raises(UserError, match="Unknown audience"):
        export_members(connection, audiences, "other", file)
