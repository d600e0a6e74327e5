import datetime as dt
import hashlib
import itertools
from dataclasses import replace

import pandas as pd
import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.rules.compile import compile_rules
from dmp_assets.rules.conditions import Conditions
from dmp_assets.rules.files import RuleError
from dmp_assets.rules.subject import Column
from tests.unit.rules.judged import AS_OF, Row, at, judged, members, shop, subject

EVENTS: list[Row] = [
    ("a", at("12-31T10:00"), "view", 1.0),
    ("a", at("12-30T10:00"), "view", 2.0),
    ("a", at("12-04T10:00"), "buy", 4.0),
    ("b", at("12-04T00:00"), "view", None),
    ("b", at("12-03T23:59"), "view", 8.0),
    ("c", at("06-01T00:00"), "buy", -3.0),
    (None, at("12-31T10:00"), "view", 100.0),
    ("a", dt.datetime.fromisoformat("2018-01-01"), "view", 1000.0),  # after what is known
]
CUSTOMERS = {"a": {"age": 17}, "b": {"age": 40}, "c": {}, "d": {"age": 65}}


def measure(measure: str, operator: str, value: object, **more: object) -> dict:
    return {"measure": measure, "of": "events", "operator": operator, "value": value, **more}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (measure("count", ">=", 2), "ab"),
        (measure("count", "=", 0), "d"),
        (measure("count", "=", 3), "a"),
        (measure("count", ">=", 1, within={"last_days": 28}), "ab"),
        (measure("count", "=", 1, within={"last_days": 28}), "b"),
        (measure("count", ">=", 1, where={"column": "name", "operator": "=", "value": "buy"}), "ac"),
        (measure("count different", "=", 2, column="name"), "a"),
        (measure("sum", ">", 0, column="amount"), "ab"),
        (measure("sum", "=", 0, column="amount"), "d"),
        (measure("sum", "<", 0, column="amount"), "c"),
        (measure("average", "=", 8, column="amount"), "b"),
        (measure("average", "is unknown", None, column="amount"), "d"),
        (measure("highest", ">=", 4, column="amount"), "ab"),
        (measure("lowest", "=", 1, column="amount"), "a"),
        (measure("first", "=", "buy", column="name"), "ac"),
        (measure("last", "=", "view", column="name"), "ab"),
        (measure("last", "=", 8, column="amount"), "b"),  # the last that is known
        (measure("days since last", "=", 1), "a"),
        (measure("days since first", ">", 28), "bc"),
        (measure("days since last", "is unknown", None), "d"),
        (measure("count", "=", 0, within={"this": "month"}), "abcd"),
        (measure("count", "=", 3, within={"previous": "month"}), "a"),
        (measure("count", ">=", 1, within={"from": dt.date(2017, 6, 1), "to": dt.date(2017, 6, 1)}), "c"),
        (measure("count", ">=", 1, within={"from": dt.date(2018, 1, 1), "to": dt.date(2019, 1, 1)}), ""),
        (measure("count", ">=", 1, within={"to": dt.date(2017, 12, 3)}), "bc"),
        (measure("count", ">=", 3, where={"column": "happened_at", "operator": ">=", "value": {"days_ago": 28}}), "a"),
    ],
)
def test_a_measure_counts_the_rows_it_names(condition: dict, expected: str) -> None:
    assert members(*shop(CUSTOMERS, EVENTS), condition) == expected


def test_of_rows_at_one_instant_the_last_is_the_same_whatever_their_order() -> None:
    rows = [("a", at("12-01T00:00"), "x", 1.0), ("a", at("12-01T00:00"), "y", 2.0)]
    for order in (rows, rows[::-1]):
        assert members(*shop({"a": {}}, order), measure("last", "=", "y", column="name")) == "a"
        assert members(*shop({"a": {}}, order), measure("first", "=", "x", column="name")) == "a"


def step(name: str, **more: object) -> dict:
    return {"of": "events", "where": {"column": "name", "operator": "=", "value": name}, **more}


@pytest.mark.parametrize(
    ("days", "steps", "holds"),
    [
        ({"x": [1], "y": [2]}, [step("x"), step("y")], True),
        ({"x": [2], "y": [1]}, [step("x"), step("y")], False),
        ({"x": [1], "y": [1]}, [step("x"), step("y")], False),  # at the same instant
        ({"x": [1], "y": [4]}, [step("x"), step("y", within_days=3)], True),
        ({"x": [1], "y": [5]}, [step("x"), step("y", within_days=3)], False),
        ({"x": [1, 3], "y": [5]}, [step("x"), step("y", within_days=3)], True),
        ({"x": [1], "y": [2], "z": [3]}, [step("x"), step("y"), step("z")], True),
        ({"x": [1], "y": [3], "z": [2]}, [step("x"), step("y"), step("z")], False),
        ({"x": [1], "y": [2], "z": [4]}, [step("x"), step("y"), step("z", within_days=1)], False),
        ({"x": [1]}, [step("x"), step("y", missing=True)], True),
        ({"x": [1], "y": [20]}, [step("x"), step("y", missing=True)], False),
        ({"x": [1, 21], "y": [20]}, [step("x"), step("y", missing=True)], True),
        ({"x": [1], "y": [5]}, [step("x"), step("y", missing=True, within_days=3)], True),
        ({"x": [1], "y": [4]}, [step("x"), step("y", missing=True, within_days=3)], False),
        ({"x": [1, 4], "y": [2]}, [step("x"), step("y", missing=True, within_days=3)], True),
        ({"x": [29]}, [step("x"), step("y", missing=True, within_days=3)], True),
        ({"x": [30]}, [step("x"), step("y", missing=True, within_days=3)], False),  # its days have not passed
        ({"x": [1], "z": [5]}, [step("x"), step("y", missing=True, within_days=3), step("z")], True),
        ({"x": [1], "z": [3]}, [step("x"), step("y", missing=True, within_days=3), step("z")], False),
        ({"y": [1]}, [step("x"), step("y", missing=True)], False),
    ],
)
def test_a_sequence_holds_in_its_order(days: dict[str, list[int]], steps: list[dict], holds: bool) -> None:
    rows = [("a", at("12-01") + dt.timedelta(days=day - 1), name, None) for name, on in days.items() for day in on]
    assert members(*shop({"a": {}, "b": {}}, rows), {"sequence": steps}) == ("a" if holds else "")


_DAYS = st.lists(st.tuples(st.sampled_from("xyz"), st.integers(1, 31)), max_size=8)


@given(_DAYS, st.integers(1, 12), st.booleans(), st.booleans())
def test_a_sequence_is_found_as_by_trying_every_way(
    days: list[tuple[str, int]], gap: int, last_missing: bool, is_limited: bool
) -> None:
    limit = {"within_days": gap} if is_limited else {}
    steps = [step("x"), step("y", within_days=gap), step("z", missing=last_missing, **limit)]
    start = at("12-01")
    rows = [("a", start + dt.timedelta(days=day - 1), name, None) for name, day in days]
    on = {name: [day for each, day in days if each == name] for name in "xyz"}
    chains = [y for x, y in itertools.product(on["x"], on["y"]) if x < y <= x + gap]
    end = gap if is_limited else 1000
    if last_missing:
        # A month of 31 days is known: the as-of date is day 32.
        holds = any(not any(y < z <= y + end for z in on["z"]) and (not is_limited or y + end <= 32) for y in chains)
    else:
        holds = any(y < z <= y + end for y in chains for z in on["z"])
    assert members(*shop({"a": {}}, rows), {"sequence": steps}) == ("a" if holds else "")


def test_places_are_among_those_of_whom_the_column_is_known() -> None:
    people = {key: {"spend": value} for key, value in zip("abcdefg", [5, 1, 9, 9, None, 2, 3], strict=True)}
    where = shop(people)
    assert members(*where, {"top_percent": 34, "by": "spend"}) == "acd"  # a third of six, and a bit: three
    assert members(*where, {"top_percent": 10, "by": "spend"}) == "c"  # of two alike the lower id
    assert members(*where, {"bottom_percent": 20, "by": "spend"}) == "bf"
    assert members(*where, {"top_percent": 100, "by": "spend"}) == "abcdfg"
    # Who has no place is not among the first, and is not among the others either.
    assert members(*where, {"top_percent": 34, "by": "spend"}, group="none") == "bfg"


def test_a_sample_is_the_share_whose_hash_anyone_can_recompute() -> None:
    people = {f"{number:04}": {} for number in range(1000)}
    where = shop(people)
    drawn = judged(*where, {"it": {"all": [{"sample_percent": 25, "salt": "spring"}]}}).answers()
    expected = [int(hashlib.md5(f"spring:{key}".encode()).hexdigest()[:8], 16) < 0.25 * 2**32 for key in people]  # noqa: S324
    assert drawn["it"].tolist() == expected
    assert 200 < sum(expected) < 300
    assert members(*where, {"sample_percent": 100, "salt": "x"}) == "".join(people)
    other = judged(*where, {"it": {"all": [{"sample_percent": 25, "salt": "summer"}]}}).answers()
    assert other["it"].tolist() != expected


def test_membership_is_the_other_rule_to_any_depth_and_unknown_with_it() -> None:
    where = shop(CUSTOMERS)
    answers = judged(
        *where,
        {
            "adults": {"all": [{"column": "age", "operator": ">=", "value": 18}]},
            "old": {"all": [{"audience": "adults"}, {"column": "age", "operator": ">=", "value": 60}]},
            "young": {"all": [{"audience": "adults"}], "none": [{"audience": "old"}]},
            "not adult": {"none": [{"audience": "adults"}]},
        },
    ).answers()
    found = {
        name: answers[name].astype(object).where(answers[name].notna(), None).tolist() for name in answers.columns[1:]
    }
    assert found == {
        "adults": [False, True, None, True],
        "old": [False, False, None, True],
        "young": [False, True, None, False],
        "not adult": [True, False, None, False],
    }


def test_look_alikes_are_the_others_nearest_to_the_members() -> None:
    people = {
        "a": {"age": 70, "vector": [1.0, 0.0]},
        "b": {"age": 20, "vector": [0.9, 0.1]},
        "c": {"age": 20, "vector": [0.0, 1.0]},
        "d": {"age": 20, "vector": [-1.0, 0.0]},
        "e": {"age": 20, "vector": [0.0, 0.0]},
        "f": {"age": 20},
    }
    rules = {
        "old": {"all": [{"column": "age", "operator": ">=", "value": 60}]},
        "alike": {"all": [{"look_alikes_of": "old", "top_percent": 25}]},
        "alike of alike": {"all": [{"look_alikes_of": "alike", "top_percent": 25}]},
        "nobody": {"all": [{"column": "age", "operator": ">=", "value": 100}]},
        "alike of nobody": {"all": [{"look_alikes_of": "nobody", "top_percent": 25}]},
    }
    answers = judged(*shop(people), rules).answers().set_index("customer_id")
    assert answers["alike"].astype(object).where(answers["alike"].notna(), None).to_dict() == {
        "a": False,
        "b": True,
        "c": False,
        "d": False,
        "e": False,
        "f": None,
    }
    assert answers.index[answers["alike of alike"].fillna(value=False)].tolist() == ["a"]
    assert not answers["alike of nobody"].fillna(value=False).any()


def test_permission_is_asked_and_what_nothing_says_is_not_allowed() -> None:
    where = shop(CUSTOMERS)
    assert members(*where, {"allowed": "marketing", "channel": "email"}) == "bd"
    assert members(*where, {"allowed": "marketing", "channel": "email"}, group="none") == "ac"


@pytest.mark.parametrize(
    ("born_on", "days", "holds"),
    [
        ("1990-01-01", 1, True),
        ("1990-01-02", 1, False),
        ("1990-01-02", 2, True),
        ("1990-12-31", 30, False),
        ("1990-12-31", 366, True),
        ("2018-01-01", 365, False),  # born today: its first anniversary is in a year
        ("2017-01-01", 1, True),
        ("2019-01-05", 30, False),
    ],
)
def test_an_anniversary_is_on_the_day_and_month_of_a_later_year(born_on: str, days: int, holds: bool) -> None:
    condition = {"column": "born_on", "operator": "anniversary within", "value": days}
    assert members(*shop({"a": {"born_on": born_on}, "b": {}}), condition) == ("a" if holds else "")


def test_not_of_unknown_is_unknown_for_every_kind_of_question() -> None:
    where = shop({"a": {}})
    for question in (
        {"column": "age", "operator": "=", "value": 1},
        measure("average", "=", 1, column="amount"),
        {"top_percent": 50, "by": "spend"},
        {"column": "born_on", "operator": "anniversary within", "value": 1},
    ):
        assert members(*where, question) == ""
        assert members(*where, question, group="none") == ""
    # What is never unknown is denied for sure.
    for question in (measure("count", ">", 0), {"sequence": [step("x"), step("y")]}):
        assert members(*where, question, group="none") == "a"


def test_what_is_asked_of_some_is_shown() -> None:
    rule = {"all": [measure("count", ">=", 1), {"column": "age", "operator": ">", "value": 1}, {"audience": "it"}]}
    found = judged(
        *shop(CUSTOMERS, EVENTS), {"it": {"all": [{"column": "age", "operator": ">", "value": 30}]}, "all": rule}
    )
    asked = found.asked("all", ["b", "a", "nobody"])
    assert asked["customer_id"].tolist() == ["a", "b"]
    assert asked["age"].tolist() == [17, 40]
    assert asked.iloc[:, 1].tolist() == [3, 2]


def test_the_query_is_sql_in_the_dialect_of_spark_too() -> None:
    _, related = shop({})
    rule = Conditions.model_validate(
        {
            "all": [
                measure("count", ">=", 1, within={"last_days": 3}),
                measure("last", "=", "x", column="name"),
                {"sequence": [step("x"), step("y", missing=True, within_days=0.5)]},
                {"top_percent": 5, "by": "spend"},
                {"sample_percent": 5, "salt": "it's"},
                {"column": "born_on", "operator": "anniversary within", "value": 7},
            ]
        }
    )
    compiled = compile_rules(["it"], subject(related, {"it": rule}), AS_OF)
    for dialect in ("duckdb", "spark"):
        assert sqlglot.parse_one(compiled.sql(dialect), read=dialect)


def test_a_rule_that_cannot_be_computed_is_named() -> None:
    connection, related = shop(
        {"a": {"age": 1}}, [("a", at("12-01T00:00"), "x", 1e308), ("a", at("12-02T00:00"), "x", 1e308)]
    )
    broken = {**related["events"].columns, "amount": Column("number", "cast(r.name as integer)")}
    related["events"] = replace(related["events"], columns=broken)
    rules = {"it": {"all": [measure("sum", ">", 1, column="amount")]}}
    with pytest.raises(RuleError, match=r"^it: it cannot be computed: Conversion Error"):
        judged(connection, related, rules)


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 40), st.sampled_from(["x", "y"]), st.integers(-5, 5)),
        max_size=12,
    ),
    st.integers(1, 40),
    st.sampled_from(["count", "sum", "highest", "days since last", "count different"]),
    st.sampled_from([">=", "<", "="]),
    st.integers(-3, 20),
)
def test_measures_agree_with_pandas(
    rows: list[tuple[str, int, str, int]], days: int, measured: str, operator: str, value: int
) -> None:
    events = [(who, at("12-31T12:00") - dt.timedelta(days=ago), name, float(amount)) for who, ago, name, amount in rows]
    column = {"sum": "amount", "highest": "amount", "count different": "name"}.get(measured)
    more = {"column": column} if column else {}
    found = judged(
        *shop({"a": {}, "b": {}}, events),
        {"it": {"all": [measure(measured, operator, value, within={"last_days": days}, **more)]}},
    ).answers()["it"]
    frame = pd.DataFrame(rows, columns=pd.Index(["who", "ago", "name", "amount"]))
    frame = frame[frame["ago"] < days]
    for who, answer in zip("ab", found, strict=True):
        mine = frame[frame["who"] == who]
        seen = {
            "count": len(mine),
            "sum": mine["amount"].sum(),
            "highest": mine["amount"].max() if len(mine) else None,
            "days since last": mine["ago"].min() + 1 if len(mine) else None,
            "count different": mine["name"].nunique(),
        }[measured]
        expected = None if seen is None else {">=": seen >= value, "<": seen < value, "=": seen == value}[operator]
        assert (None if pd.isna(answer) else bool(answer)) == expected
