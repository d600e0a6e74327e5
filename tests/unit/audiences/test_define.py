import json
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from dmp_assets.audiences.define import load_audience, load_audiences, version
from dmp_assets.platform.project import TEMPLATES_DIR
from dmp_assets.rules.files import RuleError
from tests.graph import SCHEMAS, schema_text
from tests.unit.audiences.people import HEAD, REACHED, at_least, write

READY = sorted((TEMPLATES_DIR / "audiences").glob("*.yml"))


def test_the_ready_audiences_can_be_read_and_none_names_an_amount_of_money() -> None:
    audiences = load_audiences(TEMPLATES_DIR / "audiences")
    assert not audiences.wrong
    assert len(audiences.right) >= 15
    for name, audience in audiences.right.items():
        for question in audience.questions():
            if "amount" in question.asked_column:
                assert not any(isinstance(value, int | float) and value > 1 for value in question.asked[1]), name


@pytest.mark.parametrize("file", SCHEMAS, ids=lambda file: file.name)
def test_a_json_schema_is_the_one_that_is_shipped_and_accepts_what_is_right(file: Path) -> None:
    assert file.read_text(encoding="utf-8") == schema_text(file), "run `make graph`"
    validator = jsonschema.Draft202012Validator(json.loads(schema_text(file)))
    ready = READY if file.parent.name == "audiences" else [TEMPLATES_DIR / "rules" / "tags.yml"]
    for path in ready:
        validator.validate(YAML(typ="safe").load(path.read_text(encoding="utf-8")))
    wrong = YAML(typ="safe").load(ready[0].read_text(encoding="utf-8")) | {
        "any": [{"measure": "counts", "of": "orders"}]
    }
    assert list(validator.iter_errors(wrong))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file must start with"),
        ("all: [", "not valid YAML"),
        (HEAD, "conditions are missing"),
        (f"{HEAD}all: []", "the list must not be empty"),
        (f"{HEAD}all:\n  - {{column: x}}", "line 5: al 1: operator: Field required"),
        (f"{HEAD}al:\n  - {at_least(1)}", "there is no such field; did you mean 'all'?"),
        (f"{HEAD}purpose: marketing\nall:\n  - {at_least(1)}", "give purpose and channel together"),
        (f"{HEAD}threshold: 0\nall:\n  - {at_least(1)}", "threshold: Input should be greater than or equal to 1"),
        (f"title: It\nall:\n  - {at_least(1)}", "description: Field required"),
    ],
)
def test_a_mistake_is_told_with_file_and_line_and_harms_no_other(tmp_path: Path, text: str, words: str) -> None:
    write(tmp_path, "fine", at_least(1))
    path = tmp_path / "broken.yml"
    path.write_text(text, encoding="utf-8")
    found = load_audiences(tmp_path)
    assert list(found.right) == ["fine"]
    assert found.wrong["broken"].startswith(str(path))
    assert words in found.wrong["broken"].replace("all 1", "al 1"), found.wrong["broken"]


def test_circles_and_unknown_audiences_are_wrong_and_so_is_who_asks_about_them(tmp_path: Path) -> None:
    for name, other in {
        "a": "b",
        "b": "a",
        "asks_a": "a",
        "own": "own",
        "lost": "frequnt",
        "asks_lost": "lost",
    }.items():
        write(tmp_path, name, f"{{audience: {other}}}")
    write(tmp_path, "frequent", at_least(1))
    found = load_audiences(tmp_path)
    assert list(found.right) == ["frequent"]
    assert "it asks about itself: a → b → a" in found.wrong["a"]
    assert "it asks about itself: own → own" in found.wrong["own"]
    assert "unknown audience 'frequnt'; did you mean 'frequent'?" in found.wrong["lost"]
    assert "it asks about the audience 'a', which is wrong itself" in found.wrong["asks_a"]
    assert "it asks about the audience 'lost', which is wrong itself" in found.wrong["asks_lost"]


@pytest.mark.parametrize("name", ["audiences", "audience_traits", "Big", "1st", "mit-strich", "schön"])
def test_a_name_that_no_audience_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RuleError, match=r"another name|the file's name is the audience's"):
        load_audience(write(tmp_path, name, at_least(1)))


def test_two_files_of_one_audience_are_told(tmp_path: Path) -> None:
    path = write(tmp_path, "it", at_least(1))
    path.with_suffix(".yaml").write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    found = load_audiences(tmp_path)
    assert not found.right
    assert "another file for the audience 'it'" in found.wrong["it"]


def test_a_version_changes_with_the_rule_and_with_those_it_asks_about_and_not_with_words(tmp_path: Path) -> None:
    def of_it() -> str:
        audiences = load_audiences(tmp_path).right
        return version(audiences["it"], audiences)

    write(tmp_path, "it", "{audience: other}")
    write(tmp_path, "other", at_least(1))
    first = of_it()
    write(tmp_path, "other", at_least(1), head=HEAD.replace("Whoever.", "Somebody else."))
    assert of_it() == first
    write(tmp_path, "other", at_least(2))
    second = of_it()
    assert second != first
    write(tmp_path, "it", "{audience: other}", head=REACHED)
    assert of_it() != second


def test_without_a_folder_there_are_no_audiences(tmp_path: Path) -> None:
    assert load_audiences(tmp_path / "none").names == []
