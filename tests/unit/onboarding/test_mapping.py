import pytest

from dmp_assets.onboarding.mapping import LineTypeRule, Origin, RowFilter, TableMapping, validated
from dmp_assets.platform.errors import UserError

COLUMNS = ["sku", "name", "a|b", "day", "time"]


@pytest.mark.parametrize(
    ("text", "origin", "words"),
    [
        ("sku", Origin(columns=("sku",)), "sku"),
        ("sku|name", Origin(columns=("sku", "name")), "sku, or else name"),
        ("a|b", Origin(columns=("a|b",)), "a|b"),
        ("day+time", Origin(columns=("day",), time="time"), "day and time"),
        ("=berlin", Origin(value="berlin"), "always 'berlin'"),
    ],
)
def test_a_flag_names_a_column_several_a_day_with_its_time_or_a_constant(text, origin, words):
    assert Origin.said(text, COLUMNS) == origin
    assert str(origin) == words


def test_yml_says_the_same_in_short():
    given = {"a": "x", "b": ["x", "y"], "c": {"all": ["x", "y"]}, "d": {"date": "x", "time": "y"}, "e": {"value": 1}}
    fields = TableMapping.model_validate({"fields": given}).fields
    assert fields == {
        "a": Origin(columns=("x",)),
        "b": Origin(columns=("x", "y")),
        "c": Origin(columns=("x", "y"), is_joined=True),
        "d": Origin(columns=("x",), time="y"),
        "e": Origin(value="1"),
    }


def test_a_filter_and_a_line_type_are_said_in_one_flag():
    assert RowFilter.said("status=paid,sent") == RowFilter(column="status", values=("paid", "sent"))
    assert RowFilter.said("status!=test") == RowFilter(column="status", excluded=("test",))
    assert RowFilter.said("parent id is null") == RowFilter(column="parent id", values=(None,))
    assert RowFilter.said("parent id IS NOT NULL") == RowFilter(column="parent id", excluded=(None,))
    assert str(RowFilter.said("status!=test")) == "status is not 'test'"
    rule = LineTypeRule.said("Invoice=C*,X:cancellation")
    assert rule == LineTypeRule(column="Invoice", values=("X",), prefixes=("C",), type="cancellation")
    assert str(rule) == "if Invoice is X or begins with C"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (lambda: RowFilter.said("status"), "--where: 'status' is not of the form"),
        (lambda: LineTypeRule.said("a:fee"), "--line-type: 'a:fee' is not of the form"),
        (lambda: LineTypeRule.said("a=b:gift"), "--line-type 'a=b:gift': type: Input should be 'sale', 'return'"),
        (
            lambda: validated(TableMapping, {"fields": {"a": {"value": 1, "all": ["x"]}}}, "my.yml"),
            "columns or a constant",
        ),
        (
            lambda: validated(TableMapping, {"where": [{"column": "a"}]}, "my.yml"),
            "my.yml: where.0: a filter has values or",
        ),
        (
            lambda: validated(TableMapping, {"line_type": [{"column": "a", "type": "fee"}]}, "my.yml"),
            "needs values, prefixes",
        ),
        (
            lambda: validated(TableMapping, {"line_type": [{"column": "a", "pattern": "(", "type": "fee"}]}, "my.yml"),
            "is no regular expression",
        ),
        (lambda: validated(TableMapping, {"filter": []}, "my.yml"), "my.yml: filter: Extra inputs"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(said, message):
    with pytest.raises(UserError, match=message.replace("(", r"\(")):
        said()


def test_flags_add_to_a_preset():
    preset = TableMapping(line_type=(LineTypeRule(column="a", values=("x",), type="fee"),), minor_units=True)
    own = LineTypeRule(column="b", values=("y",), type="void")
    both = preset.with_said(TableMapping(line_type=(own,), whole_orders=True))
    assert both.line_type == (own, *preset.line_type)
    assert both.minor_units
    assert both.whole_orders


def test_a_flag_of_yes_or_no_is_taken_back_by_its_opposite_and_stays_where_nothing_is_said():
    flags = ("minor_units", "utc_times", "whole_orders", "strip_zeros")
    declared = TableMapping.model_validate(dict.fromkeys(flags, True))
    assert declared.with_said(TableMapping()) == declared
    assert declared.with_said(TableMapping.model_validate(dict.fromkeys(flags, False))).content() == {}
