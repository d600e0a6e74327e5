import pytest

from dmp_assets.identity.rules import KINDS, load_rules
from dmp_assets.platform.project import TEMPLATES_DIR
from dmp_assets.rules.files import RuleError

DEFAULT = TEMPLATES_DIR / "rules" / "identity.yml"


def written(tmp_path, old: str, new: str):
    text = DEFAULT.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "identity.yml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path, 1 + text[: text.index(old)].count("\n")


def test_a_new_project_has_rules_for_every_kind_with_one_customer_id_and_five_of_every_other_glue():
    rules = load_rules(DEFAULT)
    assert {rule.kind for rule in rules.kinds} == set(KINDS)
    assert {kind: rule.limit for kind, rule in rules.glue.items()} == {
        "customer": 1,
        "email": 5,
        "phone": 5,
        "loyalty_card": 5,
    }
    assert rules.moving == ["phone", "device"]
    assert rules.priority("customer") < rules.priority("email")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("kind: device, moves: true", "kind: device, moves: true, glue: true, limit: 5", "device cannot be glue"),
        ("kind: device, moves: true", "kind: device", "a device moves"),
        ("kind: email, glue: true", "kind: email, glue: true, moves: true", "email cannot move"),
        ("kind: household, most", "kind: household, limit: 3, most", "nothing else has one"),
        ("limit: 1, most", "limit: 0, most", "greater than or equal to 1"),
        ("most_members: 10", "most_members: 1", "households.most_members: .*greater than or equal to 2"),
        ("email: []", "email: 5", "own.email: .*valid tuple"),
        ("email: []", "email: [5]", "own.email.0: .*valid string"),
        ("kind: household", "kind: passport", "Input should be"),
        ("pattern: '^[0-]*$'", "pattern: '^[0-*$'", "no regular expression"),
        ("pattern: '^[0-]*$'", "pattern: '(?=x)'", "no regular expression"),
        ("kinds: [loyalty_card, household]", "kinds: []", "must not be empty"),
        ("kinds: [loyalty_card, household]", "kind: [loyalty_card]", "there is no such field; did you mean"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path, old: str, new: str, words: str):
    path, line = written(tmp_path, old, new)
    with pytest.raises(RuleError, match=rf"identity\.yml, line {line}: .*{words}"):
        load_rules(path)


def test_a_kind_that_is_missing_or_there_twice_is_named(tmp_path):
    path, _ = written(tmp_path, "kind: household", "kind: email, glue: true, limit: 2")
    with pytest.raises(RuleError, match=r"repeated: email \(lines \d+ and \d+\)"):
        load_rules(path)
    path, _ = written(tmp_path, "  - {kind: household, most_neighbours: 100}\n", "")
    with pytest.raises(RuleError, match="missing: household"):
        load_rules(path)


def test_without_the_file_it_is_said_where_to_take_it_from(tmp_path):
    with pytest.raises(RuleError, match="there is no such file; copy it"):
        load_rules(tmp_path / "identity.yml")
