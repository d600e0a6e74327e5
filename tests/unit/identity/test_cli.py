"""The commands of identity, on a warehouse with a few people; what they decide is read by the next resolution."""

import json

import pytest
from typer.testing import CliRunner, Result

from dmp_assets.cli import app
from dmp_assets.identity.decisions import FILE, read_decisions
from dmp_assets.platform.settings import get_settings
from dmp_assets.privacy.keys import pseudonym, read_keys
from tests.unit.identity.world import World, found, store

ADDRESS, NUMBER = "vera@example.org", "+49 30 5550101"


@pytest.fixture
def home(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DMP_HOME", str(tmp_path))
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


@pytest.fixture
def world(home) -> World:
    """Vera is two customers of one address; Paul has her telephone number now."""
    key = read_keys(get_settings()).pseudonyms
    email, phone = (pseudonym(kind, value, key) for kind, value in (("email", ADDRESS), ("phone", NUMBER)))
    world = (
        World()
        .event("1 10:00", event_type="identify", user="101", device="dev", email=email, phone=phone)
        .event("2", event_type="identify", user="102", email=email)
        .event("3", user="103", phone=phone)
        .event("4", event_type="alias", previous="old-103", user="103")
    )
    store(world, home / "warehouse.duckdb")
    return world


def identity(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["identity", *arguments])
    assert result.exit_code == code, result.output
    return result


def test_why_says_which_links_lead_from_one_to_the_other(world: World):
    answer = json.loads(identity("why", "shop:old-103", NUMBER, "--json").output)
    assert (answer["is_one"], answer["person_id"]) == (True, "shop:103")
    assert [link["cause"] for link in answer["links"]] == ["alias", "login"]
    said = identity("why", "shop:101", ADDRESS).output
    assert "are one person's: shop:101." in said
    assert "identify, told by web at 2025-01-01 10:00 UTC, once; accepted" in said


def test_why_says_what_keeps_two_apart(world: World):
    said = identity("why", "shop:102", "shop:101").output
    assert "shop:102 and shop:101 are not one person's: the one is of shop:102, the other of shop:101." in said
    assert "demoted: one person would have more than 1 of kind customer in shop" in said
    assert "No link leads" in identity("why", "shop:102", "shop:103").output


def test_show_says_whose_it_was_and_all_that_is_the_persons(world: World):
    shown = json.loads(identity("show", NUMBER, "--json").output)
    assert [row["person_id"] for row in shown["history"]] == ["shop:101", "shop:101", "shop:103"]
    assert {row["identifier_id"] for row in shown["of_person"]} >= {"shop:103", "shop:old-103"}
    assert "is of shop:101" in identity("show", "shop:dev").output


def test_a_join_and_a_split_are_kept_with_who_when_and_why_and_hold_for_the_next_resolution(world: World, home):
    identity("join", "shop:102", "shop:101", "--reason", "she rang")
    (decision,) = read_decisions(home)
    assert (decision.action, decision.reason, bool(decision.decided_by)) == ("join", "she rang", True)
    world.decisions = read_decisions(home)
    assert found(world).person("shop:102", as_of="9999") == "shop:101"
    told = json.loads(
        identity("split", "shop:102", "--from", "shop:101", "--reason", "no, her sister", "--json").output
    )
    assert told["action"] == "split"
    world.decisions = read_decisions(home)
    assert found(world).person("shop:102", as_of="9999") == "shop:102"


def test_a_decision_is_taken_back_by_what_it_is_about_and_all_stay_in_the_list(world: World, home):
    assert "Nobody decided anything" in identity("decisions").output
    identity("block", NUMBER, "--reason", "ours")
    identity("join", "shop:102", "shop:101", "--reason", "she rang")
    identity("split", "shop:101", "--from", "shop:102", "--reason", "her sister")
    assert "Taken back: block phone:" in identity("take-back", NUMBER, "--reason", "it is Paul's").output
    said = identity("take-back", "shop:102", "shop:101", "--reason", "no sister").output
    assert "Taken back: split shop:101 and shop:102" in said
    assert "holds again: join shop:102 and shop:101" in said
    told = json.loads(identity("decisions", "--json").output)
    assert [(row["action"], row["state"]) for row in told] == [
        ("block", "taken back"),
        ("join", "holds"),
        ("split", "taken back"),
        ("take_back", "takes back"),
        ("take_back", "takes back"),
    ]
    assert [row["reason"] for row in told] == ["ours", "she rang", "her sister", "it is Paul's", "no sister"]
    assert all(row["decided_by"] and row["decided_at"] for row in told)
    first, *_, last = identity("decisions").output.splitlines()
    assert first.endswith("ours (taken back)")
    assert last.startswith("take back shop:101 and shop:102")


def test_a_decision_about_what_is_no_longer_there_can_be_taken_back(world: World, home):
    identity("split", "shop:102", "--from", "shop:101", "--reason", "x")
    (home / "warehouse.duckdb").unlink()
    back = json.loads(identity("take-back", "shop:101", "shop:102", "--reason", "y", "--json").output)
    assert (back["taken_back"]["reason"], back["holds_again"]) == ("x", None)
    assert (
        "No decision about that holds" in identity("take-back", "shop:101", "shop:102", "--reason", "z", code=2).output
    )


def test_a_plain_address_or_number_is_stored_nowhere(world: World, home):
    identity("block", ADDRESS, "--reason", f"{ADDRESS} is ours, as {NUMBER}")
    identity("block", NUMBER, "--reason", "ours")
    files = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    assert not [text for text in files if b"vera@" in text or b"5550101" in text]
    world.decisions = read_decisions(home)
    assert found(world).person("shop:101") == "shop:101"
    assert set(found(world).identifiers["blocked_because"].dropna().str.startswith("a decision")) == {True}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "shop:lost"], "No identifier 'shop:lost' was ever seen"),
        (["why", "shop:101", "nobody@example.org"], "No such e-mail address was ever seen"),
        (["block", "030 1234567", "--reason", "x"], "No such phone number was ever seen"),
        (["split", "shop:101", "--from", "shop:gone", "--reason", "x"], "No identifier 'shop:gone'"),
        (["join", "shop:101", "shop:101", "--reason", "x"], "Both are the same identifier"),
        (["join", "shop:101", "device:shop:dev", "--reason", "x"], "is of kind device, which joins nobody"),
        (["join", "shop:101", "shop:102"], "Missing option"),
        (["take-back", "shop:101", "shop:102", "--reason", "x"], "No decision about that holds"),
        (["take-back", "shop:101"], "Missing option"),
    ],
)
def test_a_mistake_is_said_and_nothing_is_decided(world: World, home, arguments: list[str], words: str):
    assert words in identity(*arguments, code=2).output
    assert not (home / FILE).exists()


def test_before_a_build_it_is_said_that_nobody_was_identified(home):
    assert "build it first" in identity("show", "shop:1", code=2).output


def test_a_vault_that_cannot_be_opened_stops_the_question_for_a_plain_address(world: World, home):
    with_key = identity("show", ADDRESS)
    assert "is of shop:101" in with_key.output
    (home / "vault.key").write_text("another key that is long enough for a vault", encoding="utf-8")
    assert "cannot be opened with the key" in identity("show", ADDRESS, code=2).output
    assert "is of shop:101" in identity("show", "shop:101").output
