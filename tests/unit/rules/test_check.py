from collections.abc import Mapping

import pytest

from dmp_assets.rules.check import check, circle, references
from dmp_assets.rules.conditions import Conditions
from dmp_assets.rules.files import RuleError
from tests.unit.rules.judged import shop, subject

RULES = {"adults": Conditions.model_validate({"all": [{"column": "age", "operator": ">", "value": 17}]})}


def counted(**more: object) -> dict:
    return {"measure": "count", "of": "events", "operator": ">", "value": 1, **more}


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (counted(of="event"), "unknown table 'event'; did you mean 'events'?"),
        (counted(where={"column": "nam", "operator": "=", "value": "x"}), "unknown column 'nam'; did you mean 'name'?"),
        (counted(where={"column": "name", "operator": ">", "value": "x"}), "'name' is a text, which takes"),
        (counted(where=counted()), "under where, only columns of events can be asked"),
        (counted(where={"audience": "adults"}), "under where, only columns of events can be asked"),
        (counted(value="many"), "'count' is a number, but the value 'many' is a text"),
        (counted(measure="sum", column="name"), "'name' is a text, of which there is no sum"),
        (counted(measure="sum", column="nam"), "unknown column 'nam'; did you mean 'name'?"),
        (counted(of="names", within={"last_days": 3}), "'names' are of the present and have no days: leave within out"),
        (
            counted(of="names", measure="days since last"),
            "'names' have no days, so there are no days since any of them",
        ),
        (counted(of="names", measure="last", column="name"), "'names' have no order in time, so none is the last"),
        (counted(measure="last", column="name"), "'last' is a text, which takes"),
        (
            {"sequence": [{"of": "events"}, {"of": "names"}]},
            "'names' have no order in time, so they cannot be steps of a sequence",
        ),
        ({"top_percent": 10, "by": "agee"}, "unknown column 'agee'; did you mean 'age'?"),
        ({"top_percent": 10, "by": "city"}, "'city' is a text, of which none is the highest"),
        ({"audience": "adult"}, "unknown audience 'adult'; did you mean 'adults'?"),
        ({"look_alikes_of": "children", "top_percent": 1}, "unknown audience 'children'; known: adults"),
        ({"allowed": "markting"}, "unknown purpose 'markting'; did you mean 'marketing'?"),
        ({"allowed": "marketing"}, "unknown channel 'any'; known: email"),
        (
            {"column": "born_on", "operator": "=", "value": "1990-01-01"},
            "'born_on' is a date, but the value '1990-01-01' is a text",
        ),
        ({"column": "age", "operator": "anniversary within", "value": 3}, "'age' is a number, which takes"),
    ],
)
def test_what_does_not_fit_is_told_with_what_may_be_meant(question: Mapping, words: str) -> None:
    _, related = shop({})
    with pytest.raises(RuleError) as raised:
        check(Conditions.model_validate({"all": [question]}), subject(related, RULES), "audience 'x'")
    assert str(raised.value).startswith(f"audience 'x': {words}"), raised.value


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (counted(column="name"), "'count' is taken of no column"),
        (counted(measure="sum"), "'sum' needs the column that it is taken of"),
        (counted(within={}), "give one of last_days, this, previous, or from and to"),
        (counted(within={"last_days": 3, "this": "week"}), "give one of last_days, this, previous, or from and to"),
        (counted(within={"last_days": 0}), "greater than or equal to 1"),
        (counted(within={"from": "2018-01-02", "to": "2018-01-01"}), "the window ends on 2018-01-01, before it begins"),
        ({"sequence": []}, "the list must not be empty"),
        ({"sequence": [{"of": "events"}]}, "at least two steps"),
        ({"sequence": [{"of": "events", "missing": True}, {"of": "events"}]}, "the first step of a sequence"),
        (
            {"sequence": [{"of": "events"}, {"of": "events", "missing": True}, {"of": "events"}]},
            "a missing step that others follow needs within_days",
        ),
        ({"top_percent": 10, "bottom_percent": 10, "by": "age"}, "give one of top_percent and bottom_percent"),
        ({"top_percent": 0, "by": "age"}, "greater than 0"),
        ({"sample_percent": 101, "salt": "x"}, "less than or equal to 100"),
        ({"column": "born_on", "operator": "anniversary within", "value": 0}, "a number of days, from 1 to 366"),
        ({"column": "age", "operator": "is known", "value": 3}, "takes no value"),
    ],
)
def test_what_cannot_be_meant_is_refused_when_it_is_read(question: Mapping, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Conditions.model_validate({"all": [question]})


def test_older_words_for_what_is_known_are_read() -> None:
    rule = Conditions.model_validate(
        {"all": [{"column": "age", "operator": "is not null"}], "none": [{"column": "age", "operator": "is null"}]}
    )
    assert [question.asked[0] for question in rule.questions()] == ["is known", "is unknown"]


def test_a_circle_is_found_from_whoever_is_in_it() -> None:
    rules = {
        name: Conditions.model_validate({"all": [{"audience": other}]})
        for name, other in {"a": "b", "b": "c", "c": "a", "outside": "a", "self": "self"}.items()
    }
    assert circle("a", rules) == ["a", "b", "c", "a"]
    assert circle("self", rules) == ["self", "self"]
    assert circle("outside", rules) == []
    assert references(Conditions.model_validate({"any": [{"look_alikes_of": "x", "top_percent": 1}]})) == {"x"}
