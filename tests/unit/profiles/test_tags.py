import re
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmp_assets.platform.pictures import embed
from dmp_assets.platform.project import TEMPLATES_DIR
from dmp_assets.profiles.plots import plot_tags
from dmp_assets.profiles.schema import CUSTOMER_TAGS
from dmp_assets.profiles.tags import (
    TagRule,
    TagRules,
    customer_tags,
    load_rules,
    rule_frame,
    rule_tags,
    rules_columns,
    rules_in_words,
    with_computed,
)
from dmp_assets.rules.files import RuleError
from tests.unit.audiences.people import DAY, warehouse

WEEKEND = """
rules:
  - tag: weekend_shopper
    category: behaviour
    value: weekend_share
    evidence: "{weekend_share} of orders at the weekend"
    all:
      - {column: weekend_share, operator: ">=", value: 0.5}
"""


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": ["a", "b", "c"],
            "as_of_on": pd.Series([pd.Timestamp("2018-01-01")] * 3, dtype="datetime64[us]"),
            "weekend_share": [0.75, 0.25, np.nan],
            "coupon_share": [0.123, 0.042, 0.0],
            "monetary_amount": [1234.5, 20.0, 5.0],
            "frequency": [12, 3, 1],
            "department": ["FUEL", "O'BRIEN", "MEAT"],
            "has_demographics": [True, False, False],
        }
    )


def rule(conditions: list[tuple[str, str, object]], *, value: str = "frequency", evidence: str = "seen") -> TagRules:
    all_of = [{"column": column, "operator": operator, "value": given} for column, operator, given in conditions]
    content = {"tag": "x", "category": "value", "value": value, "evidence": evidence, "all": all_of}
    return TagRules(rules=(TagRule.model_validate(content),))


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rules.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_rule_file_becomes_tags_with_evidence(tmp_path: Path, frame: pd.DataFrame) -> None:
    tags = rule_tags(frame, load_rules(written(tmp_path, WEEKEND)))
    CUSTOMER_TAGS.validate(tags, lazy=True)
    assert tags.to_dict("records") == [
        {
            "customer_id": "a",
            "as_of_on": pd.Timestamp("2018-01-01"),
            "source": "rule",
            "category": "behaviour",
            "tag": "weekend_shopper",
            "rank": 1,
            "weight": 1.0,
            "value": 0.75,
            "evidence": "75 % of orders at the weekend",
        }
    ]


@pytest.mark.parametrize(
    ("condition", "members"),
    [
        (("frequency", ">=", 3), ["a", "b"]),
        (("frequency", ">", 3), ["a"]),
        (("frequency", "<=", 3), ["b", "c"]),
        (("frequency", "<", 3), ["c"]),
        (("frequency", "=", 3), ["b"]),
        (("frequency", "!=", 3), ["a", "c"]),
        (("weekend_share", ">=", 0.0), ["a", "b"]),
        (("department", "=", "O'BRIEN"), ["b"]),
        (("department", "!=", "O'BRIEN"), ["a", "c"]),
        (("department", "in", ["FUEL", "O'BRIEN"]), ["a", "b"]),
        (("has_demographics", "=", True), ["a"]),
    ],
)
def test_operators_select_the_customers_they_name(
    frame: pd.DataFrame, condition: tuple[str, str, object], members: list[str]
) -> None:
    assert rule_tags(frame, rule([condition]))["customer_id"].tolist() == members


def test_all_conditions_must_hold(frame: pd.DataFrame) -> None:
    rules = rule([("frequency", ">=", 3), ("department", "=", "FUEL")])
    assert rule_tags(frame, rules)["customer_id"].tolist() == ["a"]


def test_an_unknown_value_gives_no_tag(frame: pd.DataFrame) -> None:
    tags = rule_tags(frame, rule([("frequency", ">=", 0)], value="weekend_share"))
    assert tags["customer_id"].tolist() == ["a", "b"]


def test_evidence_writes_each_kind_of_number_its_way(frame: pd.DataFrame) -> None:
    evidence = "{coupon_share}, {monetary_amount}, {frequency}, {department}, isn't {has_demographics}"
    tags = rule_tags(frame, rule([("frequency", ">=", 3)], evidence=evidence))
    assert tags["evidence"].tolist() == [
        "12 %, 1,234.50 USD, 12, FUEL, isn't true",
        "4.2 %, 20.00 USD, 3, O'BRIEN, isn't false",
    ]


def test_no_match_is_an_empty_table_with_the_served_columns(frame: pd.DataFrame) -> None:
    tags = rule_tags(frame, rule([("frequency", ">", 1000)]))
    assert tags.empty
    assert list(tags.columns) == list(CUSTOMER_TAGS.columns)


@settings(max_examples=20)
@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=30))
def test_a_text_from_the_file_is_only_ever_a_text(given_text: str) -> None:
    frame = pd.DataFrame({"customer_id": ["a"], "as_of_on": pd.to_datetime(["2018-01-01"]), "n": [1], "t": ["x"]})
    tags = rule_tags(frame, rule([("t", "!=", "'; drop table customers; --" + given_text)], value="n"))
    assert len(tags) == 1


def test_a_column_name_cannot_carry_sql(frame: pd.DataFrame) -> None:
    with pytest.raises(RuleError, match="unknown column"):
        rule_tags(frame, rule([("frequency; drop table customers", "=", 1)]))


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (rule([("frequenzy", "=", 1)]), r"rule 'x': unknown column 'frequenzy'; did you mean 'frequency'\?"),
        (rule([("frequency", "=", 1)], evidence="{gone}"), "rule 'x': unknown column 'gone'"),
        (
            rule([("frequency", "=", 1)], value="department"),
            "value must name a column of numbers, 'department' is a text",
        ),
        (rule([("frequency", "contains", "a")]), "'frequency' is a number, which takes >=, .* and not contains"),
        (rule([("department", ">", "a")]), "'department' is a text, which takes =, !=, in, contains, .* and not >"),
        (rule([("frequency", "in", [1, "a"])]), "'frequency' is a number, but the value 'a' is a text"),
        (rule([("frequency", "=", "1")]), "'frequency' is a number, but the value '1' is a text"),
        (rule([("frequency", "=", True)]), "'frequency' is a number, but the value True is a flag"),
        (rule([("as_of_on", "=", "2018-01-01")]), "'as_of_on' is a date, but the value '2018-01-01' is a text"),
        (rule([("customer_id", "=", "a")]), "unknown column 'customer_id'"),
    ],
)
def test_a_rule_that_does_not_fit_the_columns_is_named(frame: pd.DataFrame, rules: TagRules, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        rule_tags(frame, rules)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('">="', '"~"', r"line 8: rule 1 \('weekend_shopper'\): all.0.operator: Input should be"),
        ("behaviour", "mood", r"line 4: rule 1 \('weekend_shopper'\): category"),
        ("weekend_shopper", "Weekend Shopper", r"rule 1 \('Weekend Shopper'\): tag"),
        ("value: 0.5", "value: .nan", "all.0.value"),
        ("value: 0.5", "value: [a]", "line 8: .*: the operator '>=' takes a single value, and 'in' a list of values"),
        ("value: 0.5", 'value: "a\\0b"', "must not contain control characters"),
        ("{weekend_share} of", "{weekend_share:.2f} of", "write columns as {column_name}"),
        ("{weekend_share} of", "{weekend_share of", "evidence"),
        ("category: behaviour", "category: behaviour\n    colour: red", "colour: there is no such field"),
        ("    evidence:", "    proof:", "evidence: Field required"),
        ("rules:", "rules: [", "line 3: not valid YAML"),
        ("rules:", "regeln:", "rules: Field required"),
    ],
)
def test_a_broken_file_is_refused_in_words(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(RuleError, match=message) as raised:
        load_rules(written(tmp_path, WEEKEND.replace(old, new, 1)))
    assert "rules.yml" in str(raised.value)


@pytest.mark.parametrize("text", ["", "rules: []", "- a", "rules: [7]"])
def test_a_file_without_rules_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(RuleError, match=r"rules\.yml"):
        load_rules(written(tmp_path, text))


def test_two_rules_for_one_tag_are_refused(tmp_path: Path) -> None:
    twice = WEEKEND + WEEKEND.split("rules:")[1]
    with pytest.raises(
        RuleError, match=r"rules\.yml: every tag needs exactly one rule; repeated: weekend_shopper \(lines 3 and 10\)"
    ):
        load_rules(written(tmp_path, twice))


def test_every_mistake_is_told_at_once_with_its_line(tmp_path: Path, frame: pd.DataFrame) -> None:
    text = WEEKEND.replace("value: weekend_share", "value: department").replace(
        "column: weekend_share", "column: weekand"
    )
    with pytest.raises(RuleError) as raised:
        rule_tags(frame, load_rules(written(tmp_path, text)))
    assert [line.removeprefix(f"{tmp_path}/") for line in str(raised.value).splitlines()] == [
        "rules.yml, line 8: rule 'weekend_shopper': unknown column 'weekand'; did you mean 'weekend_share'?",
        "rules.yml, line 3: rule 'weekend_shopper': value must name a column of numbers, 'department' is a text",
    ]


def test_a_rule_may_join_conditions_and_ask_for_days(frame: pd.DataFrame) -> None:
    content = {
        "tag": "x",
        "category": "value",
        "value": "frequency",
        "evidence": "last seen {seen_on}",
        "any": [
            {"column": "seen_on", "operator": ">=", "value": {"days_ago": 7}},
            {"none": [{"column": "department", "operator": "contains", "value": "'"}]},
        ],
    }
    seen = frame.assign(seen_on=pd.to_datetime(["2017-01-01", "2017-12-25", None]))
    tags = rule_tags(seen, TagRules(rules=(TagRule.model_validate(content),)))
    assert dict(zip(tags["customer_id"], tags["evidence"], strict=True)) == {
        "a": "last seen 2017-01-01",
        "b": "last seen 2017-12-25",
    }


def test_the_rules_that_ship_with_the_product_fit_its_tables(features: pd.DataFrame, profiles: pd.DataFrame) -> None:
    # The mart has more columns than this small frame; the rules' own ones must be there.
    features = features.assign(
        coupon_share=0.0, mailer_share=0.3, order_count_28d=1, campaign_count=5, redemption_count=0
    )
    tags = rule_tags(rule_frame(features, profiles), load_rules(TEMPLATES_DIR / "rules" / "tags.yml"))
    CUSTOMER_TAGS.validate(tags, lazy=True)
    assert {"campaign_silent", "mailer_reader", "weekend_shopper"} <= set(tags["tag"])


def test_a_rule_may_use_the_columns_that_only_profiles_have(features: pd.DataFrame, profiles: pd.DataFrame) -> None:
    rules = rule([("lifecycle_stage", "=", "new"), ("topic_1", "=", "cheese, deli, cheeses")], value="usual_gap_days")
    assert rule_tags(rule_frame(features, profiles), rules)["customer_id"].tolist() == ["cj:09"]


def test_interests_stand_beside_rule_tags(frame: pd.DataFrame, interests: pd.DataFrame) -> None:
    by_rule = rule_tags(frame, rule([("frequency", ">=", 3)]))
    mine = interests.assign(customer_id="a")
    tags = customer_tags(by_rule, mine)
    CUSTOMER_TAGS.validate(tags, lazy=True)
    assert list(zip(tags["customer_id"], tags["source"], tags["rank"], strict=True)) == [
        ("a", "rule", 1),
        ("a", "behaviour", 1),
        ("a", "behaviour", 2),
        ("a", "content", 1),
        ("b", "rule", 1),
    ]
    pd.testing.assert_frame_equal(tags, customer_tags(by_rule[::-1], mine[::-1]))
    assert len(customer_tags(by_rule, mine.head(0))) == 2
    assert len(customer_tags(by_rule.head(0), mine)) == 3


def test_tags_do_not_depend_on_the_order_of_rows(frame: pd.DataFrame) -> None:
    rules = rule([("frequency", ">=", 1)])
    pd.testing.assert_frame_equal(rule_tags(frame, rules), rule_tags(frame[::-1], rules))


def test_the_columns_that_rules_read_are_listed_once() -> None:
    rules = rule([("frequency", ">", 1), ("department", "=", "FUEL")], evidence="{coupon_share} and {frequency}")
    assert rules_columns(rules) == ("frequency", "coupon_share", "department")


def test_the_rules_are_told_in_words_with_their_customers(frame: pd.DataFrame) -> None:
    rules = rule([("frequency", ">=", 3), ("department", "in", ["A|B", "FUEL"])])
    assert rules_in_words(rules, rule_tags(frame, rules)).splitlines()[2:] == [
        "| x | frequency is at least 3 and department is one of A&#124;B, FUEL | 1 |"
    ]


def test_the_chart_of_tags_has_a_bar_for_each_tag(frame: pd.DataFrame) -> None:
    tags = rule_tags(frame, rule([("frequency", ">=", 1)])).assign(tag="big_basket")
    for table, bars in (
        (tags, [{"category": "value", "tag": "big basket", "customers": 3}]),
        (tags.assign(source="behaviour"), []),
    ):
        chart = plot_tags(table)
        assert isinstance(chart, alt.Chart)
        (drawn,) = chart.to_dict()["datasets"].values()
        assert drawn == bars
    assert "no customer meets a rule" in embed(plot_tags(tags.head(0)))


COUNTED = """
rules:
  - tag: regular
    category: behaviour
    value: recency_days
    evidence: "last order {recency_days} days ago"
    all:
      - {measure: count, of: orders, within: {last_days: 31}, operator: ">=", value: 2}
      - {column: recency_days, operator: "<", value: 50}
"""


def test_a_tag_may_count_what_a_customer_did(tmp_path: Path) -> None:
    people = {key: {"recency_days": number, "tenure_days": 1} for number, key in enumerate("abc")}
    orders = [(who, f"2017-12-{day:02}", 5.0) for who, day in (("a", 1), ("a", 2), ("b", 3))]
    connection = warehouse(people, orders)
    frame = connection.execute("select * from profiles.customer_profiles order by customer_id").df()

    def tagged(text: str) -> list[str]:
        path = tmp_path / "tags.yml"
        path.write_text(text, encoding="utf-8")
        rules = load_rules(path)
        asked, subject = with_computed(connection, frame, rules, DAY)
        return rule_tags(asked, rules, subject)["customer_id"].to_list()

    assert tagged(COUNTED) == ["a"]
    for wrong, words in (
        (COUNTED.replace("of: orders", "of: ordres"), "unknown table 'ordres'; did you mean 'orders'?"),
        (COUNTED.replace("of: orders", "of: tags").replace("within: {last_days: 31}, ", ""), "unknown table 'tags'"),
        (
            COUNTED.replace('{column: recency_days, operator: "<", value: 50}', "{audience: regular}"),
            "unknown audience",
        ),
        (COUNTED.replace("column: recency_days", "column: missing_amount"), "unknown column 'missing_amount'"),
    ):
        with pytest.raises(RuleError, match=re.escape(words)):
            tagged(wrong)
