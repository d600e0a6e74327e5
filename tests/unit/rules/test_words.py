from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.rules.conditions import Comparison, Conditions, DaysAgo
from dmp_assets.rules.sql import outcomes
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
        (asked("region", "is null"), "region is unknown"),
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
    assert why(FRAME, RULE, "it") == [
        Why(
            True,
            (
                "orders is 12 (at least 10)",
                "seen on is 2017-12-31 (on or after 28 days before the as-of date)",
                "region is north (north)",
                "orders is 12 (not more than 100)",
            ),
        ),
        Why(
            False,
            (
                "orders is 3 (not at least 10)",
                "seen on is 2017-06-01 (not on or after 28 days before the as-of date)",
                "region is south (not north)",
                "region is south (not west)",
            ),
        ),
        Why(
            None,
            ("orders is unknown", "seen on is unknown", "region is unknown", "region is unknown", "orders is unknown"),
        ),
    ]


def test_what_stands_under_none_decides_by_holding() -> None:
    assert why(FRAME, Conditions(none=(asked("orders", ">", 10),)), "it")[0] == Why(
        False, ("orders is 12 (more than 10)",)
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
    explained = why(frame, condition, "it")
    found = outcomes(frame, {"it": condition})["it"]
    assert [each.holds for each in explained] == [None if pd.isna(each) else bool(each) for each in found]
    assert all(each.because for each in explained)
