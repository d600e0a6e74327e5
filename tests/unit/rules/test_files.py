from pathlib import Path
from typing import Annotated

import pytest
from pydantic import AfterValidator

from dmp_assets.rules.conditions import Conditions
from dmp_assets.rules.files import Entry, RuleError, Text, load, not_empty


class Group(Conditions):
    name: Text


class Groups(Entry):
    groups: Annotated[tuple[Group, ...], AfterValidator(not_empty)]


GOOD = """\
groups:
  - name: regular
    all:
      - {column: orders, operator: ">=", value: 5}
      - any:
          - column: region
            operator: in
            value: [north, west]
          - {column: seen_on, operator: ">=", value: {days_ago: 28}}
    none: [{column: churned, operator: "=", value: true}]
"""


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "groups.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_what_is_read_knows_its_line(tmp_path: Path) -> None:
    group = load(written(tmp_path, GOOD), Groups, named_by="name").groups[0]
    assert group.line == 2
    assert [(each.asked_column, each.line) for each in group.questions()] == [
        ("orders", 4),
        ("region", 6),
        ("seen_on", 9),
        ("churned", 10),
    ]
    assert group.problem("too few").endswith("groups.yml, line 2: too few")
    assert Group(name="x", any=group.all).problem("too few") == "too few"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "value: 5",
            "value: [5]",
            "line 4: group 1 ('regular'): all.0: the operator '>=' takes a single value, and 'in' a list",
        ),
        (
            "value: 5",
            "valu: 5",
            "line 4: group 1 ('regular'): all.0.valu: there is no such field; did you mean 'value'?",
        ),
        (
            "[north, west]",
            "[north, [west]]",
            "line 8: group 1 ('regular'): all.1.any.0.value: give a number, a text, true",
        ),
        ("[north, west]", "[]", "line 6: group 1 ('regular'): all.1.any.0: the list of 'in' must not be empty"),
        ("{days_ago: 28}", "{days_ago: soon}", "line 9: group 1 ('regular'): all.1.any.1.value: give a number, a text"),
        ("{days_ago: 28}", "{days_ahead: 2}", "line 9: group 1 ('regular'): all.1.any.1.value: give a number, a text"),
        ("{days_ago: 28}", "2018-01-01 10:00:00", "all.1.any.1.value: give a number, a text"),
        ("{days_ago: 28}", "2018-06-31", "groups.yml: not valid YAML: day is out of range for month"),
        ("- any:", "- some:", "line 5: group 1 ('regular'): all.1.some: there is no such field"),
        ("none: [{", "none: [7, {", "line 10: group 1 ('regular'): none.0: Input should be a valid dictionary"),
        ("value: true}]", "value: true}]\n    none: []", 'line 11: not valid YAML: found duplicate key "none"'),
        (
            "in\n            value: [north, west]",
            "between\n            value: north",
            "all.1.any.0: the operator 'between' takes a list of two values",
        ),
        ("operator: in", "operator: is unknown", "all.1.any.0: the operator 'is unknown' takes no value"),
        (", value: 5", "", "line 4: group 1 ('regular'): all.0: the operator '>=' takes a single value"),
        ("- name: regular", "- nam: regular", "line 2: group 1: name: Field required"),
        ("regular", '"a\\tb"', "line 2: group 1 ('a\tb'): name: must not contain control characters"),
        ("regular", "!!python/object/apply:os.system [ls]", "line 2: group 1"),
        ("groups:", "teams:", "line 1: groups: Field required"),
        (GOOD, "groups: []", "line 1: groups: the list must not be empty"),
        (GOOD, "groups: [{name: a}]", "line 1: group 1 ('a'): the group: conditions are missing"),
        (GOOD, "groups: [{name: a, all: []}]", "group 1 ('a'): all: the list must not be empty"),
        (GOOD, "groups: 7", "line 1: groups: Input should be a valid tuple"),
        (GOOD, "", "groups.yml: the file must start with 'groups:'"),
        (GOOD, "groups:\n\t- a", "line 2: not valid YAML: found character '\\t'"),
        (GOOD, "groups: \x00", "groups.yml: not valid YAML: unacceptable character"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(RuleError) as raised:
        load(written(tmp_path, GOOD.replace(old, new, 1)), Groups, named_by="name")
    assert message in str(raised.value)
    assert all(line.startswith(f"{tmp_path}/groups.yml") for line in str(raised.value).splitlines())
    assert "<" not in str(raised.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("value: 5", "value: [5]").replace("operator: in", "operator: is").replace("name", "nam")
    with pytest.raises(RuleError) as raised:
        load(written(tmp_path, text), Groups)
    assert [line.split(": ")[0].split(", ")[1] for line in str(raised.value).splitlines()] == [
        "line 4",
        "line 7",
        "line 2",
        "line 2",
    ]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"none\.yml: there is no such file; write one$"):
        load(tmp_path / "none.yml", Groups, if_missing="write one")
    with pytest.raises(RuleError, match="cannot be read: Is a directory"):
        load(tmp_path, Groups)
    with pytest.raises(RuleError, match=r"groups\.yml: the file is not text in UTF-8"):
        load(written(tmp_path, "groups: é".encode("latin-1")), Groups)
