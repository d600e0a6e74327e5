"""How alike two customers are, asked and answered."""

import json

import pytest
from typer.testing import CliRunner, Result

from dmp_assets.cli import app
from dmp_assets.platform.settings import get_settings
from tests.unit.identity.test_matches import two_shops
from tests.unit.identity.world import store


@pytest.fixture
def home(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DMP_HOME", str(tmp_path))
    get_settings.cache_clear()
    world = two_shops(matches=(("shop:a", "till:x", 0.97), ("shop:b", "till:y", 0.6)))
    store(world.event("2", user="b", email="e9"), tmp_path / "warehouse.duckdb")
    yield tmp_path
    get_settings.cache_clear()


def match(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["identity", "match", *arguments])
    assert result.exit_code == code, result.output
    return result


def test_the_waterfall_of_a_pair_is_printed_step_by_step_and_adds_up(home):
    found = json.loads(match("till:x", "shop:a", "--json").output)
    assert [step["comparison"] for step in found["steps"]] == ["prior", "first_name", "birthday"]
    assert found["steps"][-1]["total"] == pytest.approx(found["match_weight"])
    assert (found["probability"], found["link"]["status"]) == (0.97, "accepted")
    first, prior, name, birthday, last = match("shop:a", "till:x").output.splitlines()
    assert first == "shop:a and till:x are one person with probability 0.9700: match weight +5.01."
    assert prior.split()[:3] == ["prior", "-8.00", "-8.00"]
    assert "█" in name
    assert "░" in birthday
    assert "Exact match on first_name" in name
    assert last == "The link that came of it is accepted."


def test_of_a_pair_that_is_not_probable_enough_it_is_said_that_no_link_came_of_it(home):
    assert "No link came of it" in match("shop:b", "till:y").output.splitlines()[-1]


def test_of_two_who_are_no_pair_it_is_said_whom_they_resemble(home):
    said = match("shop:a", "till:y").output
    assert "shop:a and till:y are no pair" in said
    assert "shop:a resembles till:x: probability 0.9700." in said
    assert "shop:b resembles till:y: probability 0.6000." in said


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        (["shop:a", "shop:b"], "are of one namespace"),
        (["shop:a", "email:e2"], "is of kind email; customers are compared"),
        (["shop:a", "till:gone"], "No identifier 'till:gone'"),
    ],
)
def test_who_cannot_be_compared_is_named(home, pair: list[str], words: str):
    assert words in match(*pair, code=2).output
