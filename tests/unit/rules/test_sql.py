from datetime import date

import duckdb
import pandas as pd
import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.rules.conditions import Comparison, Conditions
from dmp_assets.rules.files import RuleError
from dmp_assets.rules.sql import outcomes, where
from dmp_assets.rules.subject import subject_of
from dmp_assets.rules.values import DaysAgo


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "orders": pd.array([1, 5, 9, None], dtype="Int64"),
            "share": [0.5, None, 0.25, -0.75],
            "region": ["north", None, "50%_off", "O'Brien"],
            "churned": pd.array([True, False, None, False], dtype="boolean"),
            "seen_on": pd.to_datetime(["2017-12-04", "2017-12-31", None, "2018-01-01"]),
            "as_of_on": pd.to_datetime(["2018-01-01"] * 4),
            "never": pd.Series([None] * 4, dtype=object),
        },
        index=pd.Index(["a", "b", "c", "d"]),
    )


def asked(column: str, operator: str, value: object = None) -> Comparison:
    return Comparison.model_validate({"column": column, "operator": operator, "value": value})


def members(frame: pd.DataFrame, condition: Comparison | Conditions) -> str:
    holds = outcomes(frame, {"it": condition})["it"]
    return "".join(holds.index[holds.fillna(value=False)])


@pytest.mark.parametrize(
    ("column", "operator", "value", "expected"),
    [
        ("orders", "=", 5, "b"),
        ("orders", "!=", 5, "ac"),
        ("orders", ">=", 5, "bc"),
        ("orders", ">", 5, "c"),
        ("orders", "<=", 5, "ab"),
        ("orders", "<", 5, "a"),
        ("orders", "between", [1, 5], "ab"),
        ("orders", "in", [1, 9, 100], "ac"),
        ("orders", "is unknown", None, "d"),
        ("orders", "is known", None, "abc"),
        ("share", "is unknown", None, "b"),
        ("share", ">=", -1e-7, "ac"),
        ("share", "=", -0.75, "d"),
        ("region", "=", "O'Brien", "d"),
        ("region", "!=", "north", "cd"),
        ("region", "contains", "%", "c"),
        ("region", "contains", "_", "c"),
        ("region", "starts with", "no", "a"),
        ("region", "ends with", "th", "a"),
        ("region", "contains", "NORTH", ""),
        ("region", "in", ["north", "O'Brien"], "ad"),
        ("never", "=", "x", ""),
        ("never", "is unknown", None, "abcd"),
        ("churned", "=", True, "a"),
        ("churned", "=", False, "bd"),
        ("seen_on", ">=", DaysAgo(28), "abd"),
        ("seen_on", ">", DaysAgo(28), "bd"),
        ("seen_on", "=", DaysAgo(1), "b"),
        ("seen_on", "<", DaysAgo(-1), "abd"),
        ("seen_on", "between", [date(2017, 12, 4), DaysAgo(1)], "ab"),
        ("seen_on", "in", [date(2017, 12, 31)], "b"),
    ],
)
def test_a_comparison_takes_the_rows_it_names(
    frame: pd.DataFrame, column: str, operator: str, value: object, expected: str
) -> None:
    assert members(frame, asked(column, operator, value)) == expected


def test_conditions_are_joined_to_any_depth(frame: pd.DataFrame) -> None:
    five, north = asked("orders", ">=", 5), asked("region", "=", "north")
    quoted = asked("region", "contains", "'")
    assert members(frame, Conditions(all=(five, asked("churned", "=", False)))) == "b"
    assert members(frame, Conditions(any=(five, north))) == "abc"
    assert members(frame, Conditions(none=(five, quoted))) == "a"
    # Both any and none of one mapping must hold, and what is nested keeps its brackets.
    assert members(frame, Conditions(any=(five, north, quoted), none=(five,))) == "a"
    assert members(frame, Conditions(all=(Conditions(any=(north, five)), asked("orders", "<", 9)))) == "ab"
    assert members(frame, Conditions(none=(Conditions(all=(five, asked("orders", "<", 9))),))) == "ac"


def test_what_is_unknown_is_left_open(frame: pd.DataFrame) -> None:
    found = outcomes(
        frame, {"at least 5": asked("orders", ">=", 5), "not 5": Conditions(none=(asked("orders", "=", 5),))}
    )
    assert found.astype(object).where(found.notna(), None).to_dict("list") == {
        "at least 5": [False, True, True, None],
        "not 5": [True, False, True, None],
    }
    assert list(found.index) == list(frame.index)


def test_rows_keep_their_order(frame: pd.DataFrame) -> None:
    many = pd.DataFrame({"n": range(300_000)})[::-1]
    found = outcomes(many, {"even": asked("n", "in", [0, 299_999])})["even"]
    assert list(found.index[found]) == [299_999, 0]
    assert outcomes(frame.head(0), {"it": asked("orders", "=", 1)}).empty
    assert outcomes(frame, {}).shape == (4, 0)


@given(
    st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=30),
    st.sampled_from(
        ["'", '"', "`", "\\", "{{ x }}", "{% raw %}", "${y}", "'; drop table judged; --", "--", "/*", "é̈", ""]
    ),
    st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=30),
)
def test_a_text_is_only_ever_a_text(before: str, middle: str, after: str) -> None:
    text = before + middle + after
    frame = pd.DataFrame({"t": [text, text + "x", "x", None]})
    conditions = {
        "=": asked("t", "=", text),
        "!=": asked("t", "!=", text),
        "in": asked("t", "in", [text]),
        "starts with": asked("t", "starts with", text),
    }
    found = outcomes(frame, conditions).fillna(value=False)
    assert found["="].tolist() == [True, False, text == "x", False]
    assert found["!="].tolist() == [False, True, text != "x", False]
    assert found["in"].tolist() == found["="].tolist()
    assert found["starts with"].tolist() == [True, True, "x".startswith(text), False]


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=1, max_size=30))
def test_a_column_name_is_only_ever_a_name(name: str) -> None:
    frame = pd.DataFrame({name: [1, 2]})
    assert outcomes(frame, {"it": asked(name, ">", 1)})["it"].tolist() == [False, True]
    with pytest.raises(RuleError, match="unknown column"):
        outcomes(frame, {"it": asked(name + '" or 1 = 1 --', ">", 1)})


@pytest.mark.parametrize("dialect", ["duckdb", "spark"])
def test_every_operator_is_sql_in_every_dialect(frame: pd.DataFrame, dialect: str) -> None:
    text = 'it\'s \\ "q" `b` {{ x }} ${y}'
    condition = Conditions(
        all=(
            asked("orders", "between", [1, 5]),
            asked("region", "in", ["a", text]),
            asked("region", "contains", text),
            asked("region", "starts with", text),
            asked("region", "ends with", text),
            asked("seen_on", ">=", DaysAgo(28)),
            asked("seen_on", "<", date(2018, 1, 1)),
            asked("churned", "=", True),
        ),
        any=(asked("share", "is unknown"), asked("share", ">", -1e-7)),
        none=(asked("region", "is known"), asked("orders", "!=", 1)),
    )
    sql = where(condition, subject_of(frame), "it", dialect=dialect)
    read = sqlglot.parse_one(f"select * from t where {sql}", read=dialect)
    assert {literal.this for literal in read.find_all(sqlglot.exp.Literal) if literal.is_string} >= {text, "a"}
    assert {column.name for column in read.find_all(sqlglot.exp.Column)} == set(frame.columns) - {"never"}
    # The same question in DuckDB, whichever dialect it was written in.
    again = sqlglot.transpile(f"select {sql} from frame", read=dialect, write="duckdb")[0]
    assert (
        duckdb.sql(again).fetchall()
        == duckdb.sql(f"select {where(condition, subject_of(frame), 'it', dialect='duckdb')} from frame").fetchall()
    )


def test_a_value_that_does_not_fit_the_column_is_refused(frame: pd.DataFrame) -> None:
    condition = Conditions(
        all=(
            asked("orders", "=", "5"),
            asked("orders", "=", True),
            asked("region", "in", ["a", 5]),
            asked("region", "<", "b"),
            asked("seen_on", "=", "2018-01-01"),
            asked("churned", "!=", True),
            asked("ordres", "=", 1),
        )
    )
    with pytest.raises(RuleError) as raised:
        where(condition, subject_of(frame), "rule 'x'", dialect="spark")
    assert str(raised.value).splitlines() == [
        "rule 'x': 'orders' is a number, but the value '5' is a text",
        "rule 'x': 'orders' is a number, but the value True is a flag",
        "rule 'x': 'region' is a text, but the value 5 is a number",
        "rule 'x': 'region' is a text, which takes =, !=, in, contains, starts with, ends with, is known, is unknown and not <",
        "rule 'x': 'seen_on' is a date, but the value '2018-01-01' is a text",
        "rule 'x': 'churned' is a flag, which takes =, is known, is unknown and not !=",
        "rule 'x': unknown column 'ordres'; did you mean 'orders'?",
    ]
    with pytest.raises(RuleError, match="no column as_of_on"):
        outcomes(frame.drop(columns="as_of_on"), {"it": asked("seen_on", ">", DaysAgo(1))})
