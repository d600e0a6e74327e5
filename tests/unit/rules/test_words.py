from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.rules.conditions import Comparison, Conditions, Question
from dmp_assets.rules.sql import outcomes
from dmp_assets.rules.values import DaysAgo
from dmp_assets.rules.words import Why, in_words, why


def asked(column: str, operator: str, value: object = None) -> Comparison:
    return Comparison.model_validate({"column": column, "operator": operator, "value": value})


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (asked("weekend_share", ">=", 0.5), "weekend share is at least 0.5"),
        (asked("spend", "<", 1234.5), "spend is less than 1,234.5"),
        (asked("region", "in", ["A", "{B}"]), "region is one of A, {B}"),
        (asked("region", "contains", "{0}"), "region is a text with {0} in it"),
        (asked("region", "!=", "A"), "region is other than A"),
        (asked("orders", "between", [1, 5]), "orders is between 1 and 5"),
        (asked("region", "is unknown"), "region is unknown"),
        (asked("churned", "=", True), "churned is true"),
        (asked("seen_on", ">=", DaysAgo(28)), "seen on is on or after 28 days before the as-of date"),
        (asked("seen_on", "<", DaysAgo(-7)), "seen on is before 7 days after the as-of date"),
        (asked("seen_on", "=", DaysAgo(0)), "seen on is the as-of date"),
        (
            asked("seen_on", "between", [date(2018, 1, 1), date(2018, 1, 7)]),
            "seen on is between 2018-01-01 and 2018-01-07",
        ),
        (
            Conditions(
                all=(asked("a", "=", 1), Conditions(any=(asked("b", "=", 2), asked("c", "=", 3)))),
                any=(asked("d", "=", 4), asked("e", "=", 5)),
                none=(asked("f", "=", 6),),
            ),
            "a is 1 and (b is 2 or c is 3) and (d is 4 or e is 5) and not (f is 6)",
        ),
    ],
)
def test_a_condition_is_a_sentence(condition: Comparison | Conditions, words: str) -> None:
    assert in_words(condition) == words


FRAME = pd.DataFrame(
    {
        "orders": pd.array([12, 3, None], dtype="Int64"),
        "region": ["north", "south", None],
        "seen_on": pd.to_datetime(["2017-12-31", "2017-06-01", None]),
        "as_of_on": pd.to_datetime(["2018-01-01"] * 3),
    }
)
RULE = Conditions(
    all=(asked("orders", ">=", 10), asked("seen_on", ">=", DaysAgo(28))),
    any=(asked("region", "=", "north"), asked("region", "=", "west")),
    none=(asked("orders", ">", 100),),
)


def test_why_and_why_not_show_the_values_that_decided() -> None:
    assert [(each.holds, each.because) for each in why(FRAME, RULE)] == [
        (
            True,
            (
                "orders is 12 (at least 10)",
                "seen on is 2017-12-31 (on or after 28 days before the as-of date)",
                "region is north (north)",
                "orders is 12 (not more than 100)",
            ),
        ),
        (
            False,
            (
                "orders is 3 (not at least 10)",
                "seen on is 2017-06-01 (not on or after 28 days before the as-of date)",
                "region is south (not north)",
                "region is south (not west)",
            ),
        ),
        (
            None,
            ("orders is unknown", "seen on is unknown", "region is unknown", "region is unknown", "orders is unknown"),
        ),
    ]


def test_what_stands_under_none_decides_by_holding() -> None:
    condition = asked("orders", ">", 10)
    assert why(FRAME, Conditions(none=(condition,)))[0] == Why(
        False, ("orders is 12 (more than 10)",), (), (condition,)
    )


_COMPARISONS = st.builds(
    asked,
    st.sampled_from(["x", "y"]),
    st.sampled_from(["=", "<", ">="]),
    st.integers(0, 2),
)
_CONDITIONS = st.recursive(
    _COMPARISONS,
    lambda parts: st.builds(
        lambda group, members: Conditions.model_validate({group: members}),
        st.sampled_from(["all", "any", "none"]),
        st.lists(parts, min_size=1, max_size=3).map(tuple),
    ),
    max_leaves=6,
)


@given(_CONDITIONS)
def test_why_agrees_with_the_sql(condition: Comparison | Conditions) -> None:
    values = [0, 1, 2, None]
    frame = pd.DataFrame([(x, y) for x in values for y in values], columns=pd.Index(["x", "y"]), dtype="Int64")
    explained = why(frame, condition)
    found = outcomes(frame, {"it": condition})["it"]
    assert [each.holds for each in explained] == [None if pd.isna(each) else bool(each) for each in found]
    assert all(each.because for each in explained)


def question(**given: object) -> Question:
    return next(Conditions.model_validate({"all": [given]}).questions())


@pytest.mark.parametrize(
    ("asked_for", "words"),
    [
        (
            {"measure": "count", "of": "orders", "within": {"last_days": 90}, "operator": ">=", "value": 3},
            "at least 3 orders in the last 90 days",
        ),
        (
            {"measure": "sum", "of": "order_lines", "column": "sales_amount", "operator": ">", "value": 20}
            | {"where": {"column": "department", "operator": "=", "value": "MEAT"}, "within": {"this": "month"}},
            "sum of sales amount of order lines with department is MEAT in this month is more than 20",
        ),
        (
            {"measure": "last", "of": "touches", "column": "channel", "operator": "=", "value": "email"},
            "channel of the last of touches is email",
        ),
        (
            {"measure": "days since last", "of": "orders", "operator": ">", "value": 28},
            "days since last of orders is more than 28",
        ),
        (
            {
                "sequence": [
                    {"of": "events", "within": {"previous": "week"}},
                    {"of": "orders", "missing": True, "within_days": 3},
                ]
            },
            "events in the previous week, then no orders within 3 days",
        ),
        ({"top_percent": 10, "by": "expected_amount_28d"}, "among the 10 % with the highest expected amount 28d"),
        ({"sample_percent": 2.5, "salt": "a"}, "in the sample a of 2.5 %"),
        ({"audience": "lapsed"}, "in the audience lapsed"),
        ({"look_alikes_of": "lapsed", "top_percent": 5}, "among the 5 % most like the audience lapsed"),
        ({"allowed": "marketing", "channel": "email"}, "has allowed marketing by email"),
        ({"allowed": "analytics"}, "has allowed analytics"),
    ],
)
def test_every_kind_of_question_is_words(asked_for: dict, words: str) -> None:
    assert in_words(question(**asked_for)) == words


def test_what_is_denied_is_said_as_people_say_it() -> None:
    rule = {
        "all": [{"measure": "count", "of": "orders", "within": {"last_days": 90}, "operator": ">=", "value": 3}],
        "none": [{"allowed": "marketing", "channel": "email"}, {"audience": "lapsed"}],
    }
    words = (
        "at least 3 orders in the last 90 days and has not allowed marketing by email and not in the audience lapsed"
    )
    assert in_words(Conditions.model_validate(rule)) == words


@pytest.mark.parametrize(
    ("operator", "limit", "value", "words"),
    [
        (">=", 10, 7, "n: 3 too low"),
        (">", 10, 10, "n: just the limit, which is not enough"),
        (">", 10, 9, "n: more than 1 too low"),
        ("<=", 10, 12.5, "n: 2.5 too high"),
        ("=", 10, 12, "n: 2 too high"),
        ("between", [10, 20], 25, "n: 5 too high"),
        ("between", [10, 20], 4, "n: 6 too low"),
        ("in", [10, 20], 4, None),
        ("!=", 10, 10, None),
        ("is unknown", None, 10, None),
    ],
)
def test_how_far_off_a_number_is(operator: str, limit: object, value: float, words: str | None) -> None:
    (found,) = why(pd.DataFrame({"n": [value]}), Conditions(all=(asked("n", operator, limit),)))
    assert found.short_of == ((words,) if words else ())


def test_how_far_off_days_dates_and_counts_are() -> None:
    count = question(measure="count", of="orders", operator=">=", value=3)
    frame = pd.DataFrame({"recency_days": [12], "on": pd.to_datetime(["2017-12-20"]), count.asked_column: [2]})
    rule = Conditions.model_validate(
        {"all": [asked("recency_days", "<=", 11), asked("on", ">=", date(2018, 1, 1)), count]}
    )
    assert why(frame, rule)[0].short_of == (
        "recency days: 1 day too high",
        "on: 12 days too low",
        "needs 1 more orders",
    )
