"""The commands: what they print, how they end, and that no plain identifier passes through them."""

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from dmp_assets.cli import app
from dmp_assets.platform.settings import get_settings
from tests.unit.activation.world import World


@pytest.fixture
def fans(world: World, hook, monkeypatch) -> Iterator[World]:
    world.destinations(hook).crowd([1, 2]).person(3, phone="030 5550101", email="p3@example.org").build()
    monkeypatch.setenv("DMP_HOME", str(world.settings.home))
    monkeypatch.setenv("DMP_DBT_PROJECT_DIR", str(world.settings.dbt_project_dir))
    get_settings.cache_clear()
    yield world
    get_settings.cache_clear()


def run(*arguments: str, code: int = 0, given: str | None = None) -> Result:
    result = CliRunner().invoke(app, list(arguments), input=given)
    assert result.exit_code == code, result.output
    return result


def test_a_dry_run_prints_the_plan_and_what_would_repair_it(fans: World, server):
    said = run("activate", "fans", "there", "--dry-run").output
    for words in (
        "3 members as of 2025-02-01",
        "3  adds",
        "phone: 0 of 3",
        "telephone number without a country",
        "Nothing was sent",
    ):
        assert words in said
    assert "@" not in said
    assert not server.calls


def test_a_sync_says_how_it_ended_and_what_became_of_the_rows(fans: World, server):
    facts = json.loads(run("activate", "fans", "there", "--json").output)
    assert (facts["state"], facts["fates"], facts["adds"]) == ("done", {"sent": 3}, 3)
    assert "@" not in json.dumps(facts)
    assert "nothing to send" in run("activate", "fans", "there").output
    (listed, first) = json.loads(run("deliveries", "--json").output)
    assert (listed["unchanged"], first["added"]) == (3, 3)
    assert "fans to there: done; 3 members" in run("deliveries").output
    assert json.loads(run("deliveries", facts["sync_id"], "--json").output) == [
        {"action": "add", "state": "sent", "reason": None, "number_of_rows": 3}
    ]
    assert "There is no sync nope" in run("deliveries", "nope", code=2).output


def test_what_was_not_sent_ends_with_1_and_goes_on_the_next_time(fans: World, server):
    server.answer(403, {"error": "closed"})
    result = run("activate", "fans", "there", code=1)
    assert "closed" in result.output
    assert "goes on from here" in result.output
    assert "3 sent" in run("activate", "fans", "there").output


def test_a_mistake_ends_with_2_and_sends_nothing(fans: World, server, monkeypatch):
    run("activate", "fan", "there", code=2)
    run("activate", "fans", "their", code=2)
    monkeypatch.delenv("HOOK_SECRET")
    assert "HOOK_SECRET is not set" in run("activate", "fans", "there", code=2).output
    assert not server.calls


def test_destinations_are_listed_with_what_keeps_each_from_being_sent_to_and_without_secrets(fans: World, monkeypatch):
    said = run("destinations")
    assert "there (webhook): takes customer_id, email" in said.output
    assert "ready" in said.output
    assert "the-hook_secret" not in run("destinations", "--json").output
    monkeypatch.delenv("HOOK_SECRET")
    (listed,) = json.loads(run("destinations", "--json", code=1).output)
    assert listed["secrets"] == ["HOOK_SECRET"]
    assert "HOOK_SECRET is not set" in listed["problem"]
    (fans.folder / "my_shop" / "destinations.yml").unlink()
    assert "names no destination" in run("destinations").output


def test_who_is_suppressed_is_sent_nothing_removed_and_released_again(fans: World, server):
    run("activate", "fans", "there")
    said = run("suppress", "add", "--reason", "rang about p1@example.org", given="P1@Example.org\n").output
    assert "1 added" in said
    assert "example.org" not in said.lower()
    (row,) = json.loads(run("suppress", "list", "--json").output)
    assert (row["kind"], row["reason"]) == ("email", "rang about [email]")
    facts = json.loads(run("activate", "fans", "there", "--json").output)
    assert (facts["removes"], facts["left_out"]) == (1, {"suppressed": 1})
    assert "1 removed" in run("suppress", "remove", given="p1@example.org\n").output
    assert json.loads(run("activate", "fans", "there", "--json").output)["adds"] == 1


def test_the_list_survives_a_new_import_and_knows_an_address_in_other_forms(fans: World, server, tmp_path):
    file = tmp_path / "list.txt"
    file.write_text("\ufeffjane.doe+x@gmail.com\n\n+49 30 5550101\nshop:2\n", encoding="utf-8")
    run("suppress", "add", "--file", str(file))
    fans.settings.vault_path.unlink()
    fans.person(1, email="janedoe@gmail.com").person(3, phone="0049305550101").build()
    facts = json.loads(run("activate", "fans", "there", "--json").output)
    assert (facts["left_out"], facts["adds"]) == ({"suppressed": 3}, 0)


def test_a_list_with_a_wrong_line_changes_nothing_and_does_not_repeat_it(fans: World, tmp_path):
    file = tmp_path / "list.txt"
    file.write_text("p1@example.org\nJane Doe, Main Street\n")
    result = run("suppress", "add", "--file", str(file), code=2)
    assert "Line 2" in result.output
    assert "Jane" not in result.output
    assert json.loads(run("suppress", "list", "--json").output) == []
    file.write_text("\n")
    run("suppress", "add", "--file", str(file), code=2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("destinations:\n  - name: x\n    kind: webhok\n", "line 2.*there is no kind 'webhok', did you mean webhook"),
        ("destinations:\n  - name: x\n", "line 2.*kind is missing"),
        (
            "destinations:\n  - name: x\n    kind: csv\n    folder: a\n  - name: x\n    kind: csv\n    folder: b\n",
            r"x \(lines 2 and 5\)",
        ),
        (
            "destinations:\n  - name: x\n    kind: csv\n    foldr: a\n",
            r"line 4: destination 1 \('x'\): foldr: there is no such field",
        ),
        ("destinations:\n  - name: X Y\n    kind: csv\n    folder: a\n", "line 2.*name: String should match"),
        (
            "destinations:\n  - name: x\n    kind: webhook\n    url: ftp://x\n    secret_variable: hunter2\n",
            "line 4.*give an http or https address(.|\n)*line 5.*never the secret itself",
        ),
        ("destinations:\n  - name: x\n    kind: csv\n    folder: a\n    country: Germany\n", "line 5.*country"),
        ("destination: []\n", "destination"),
        ("- a\n", "must start with 'destinations:'"),
    ],
)
def test_a_mistake_in_the_file_is_said_with_its_line(fans: World, text, words):
    import re

    (fans.folder / "my_shop" / "destinations.yml").write_text(text)
    said = run("destinations", code=2).output
    assert re.search(words, said), said
    assert "hunter2" not in said


def test_a_new_project_has_a_file_that_names_nothing_yet(tmp_path):
    from dmp_assets.activation.config import project_destinations
    from dmp_assets.onboarding.new_project import create_project
    from dmp_assets.platform.settings import Settings

    create_project(tmp_path / "fresh")
    assert project_destinations(Settings(home=tmp_path / "home", dbt_project_dir=tmp_path / "fresh")) == {}


def test_every_example_of_the_new_projects_file_is_one(tmp_path):
    from dmp_assets.activation.config import Destinations
    from dmp_assets.activation.destinations import KINDS
    from dmp_assets.platform.project import TEMPLATES_DIR
    from dmp_assets.rules.files import load

    lines = (TEMPLATES_DIR / "destinations.yml").read_text().splitlines()
    examples = [line.removeprefix("# ") for line in lines if line.startswith("#   ")]
    file = tmp_path / "destinations.yml"
    file.write_text("\n".join(["destinations:", *examples]))
    found = load(file, Destinations).destinations
    files = {"parquet", "google_customer_match_file", "meta_custom_audience_file"}
    assert len({each.kind for each in found} | files) == len(KINDS)
