import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.identity.decisions import FILE, Decision, add_decision, read_decisions, standing, states
from dmp_assets.platform.errors import UserError
from tests.unit.identity.world import World


def test_decisions_are_kept_in_their_order_for_their_owner_only(tmp_path):
    taken = World().decide("split", "shop:a", "shop:b").decide("block", "email:e", when="30").decisions
    for decision in taken:
        add_decision(tmp_path, decision)
    assert read_decisions(tmp_path) == taken
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_without_a_file_nothing_was_decided(tmp_path):
    assert read_decisions(tmp_path) == []
    assert standing([]).empty


def test_what_is_taken_back_is_as_if_it_had_never_been_decided_and_stays_in_the_list():
    world = World().decide("join", "shop:a", "shop:b").decide("split", "shop:b", "shop:a").decide("block", "email:e")
    world.decide("split", "shop:a", "shop:b", when="30").decide("take_back", "shop:b", "shop:a").decide(
        "take_back", "email:e"
    )
    assert states(world.decisions) == ["holds", "replaced", "taken back", "taken back", "takes back", "takes back"]


@given(st.lists(st.tuples(st.sampled_from(["join", "split"]), st.sampled_from(["a", "b"])), max_size=6))
def test_to_decide_and_to_take_back_leaves_what_held_before_unless_it_only_said_it_again(taken: list[tuple[str, str]]):
    world = World()
    for action, name in taken:
        world.decide(action, "shop:x", f"shop:{name}")
    for action in ("join", "split"):
        before = standing(world.decisions)
        held = before.loc[before["other_identifier_id"] == "shop:a", "action"].tolist()
        if held == [action]:
            continue
        again = (
            World(decisions=list(world.decisions))
            .decide(action, "shop:a", "shop:x")
            .decide("take_back", "shop:x", "shop:a")
        )
        pd.testing.assert_frame_equal(standing(again.decisions), before)


def test_taking_back_what_nobody_decided_changes_nothing():
    assert standing(World().decide("take_back", "shop:a", "shop:b").decisions).empty


def test_of_two_decisions_about_one_pair_the_later_stands_and_a_block_stands_beside():
    world = World().decide("split", "shop:a", "shop:b").decide("join", "shop:b", "shop:a").decide("block", "shop:a")
    assert standing(world.decisions)["action"].tolist() == ["join", "block"]


@pytest.mark.parametrize("line", ["{", "[]", '{"action": "split"}', '{"action": "merge"}'])
def test_a_line_that_is_no_decision_is_named(tmp_path, line: str):
    add_decision(tmp_path, World().decide("block", "email:e").decisions[0])
    with (tmp_path / FILE).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(UserError, match=rf"{FILE}, line 2: no decision"):
        read_decisions(tmp_path)


@pytest.mark.parametrize(("action", "other"), [("split", None), ("join", None), ("block", "shop:b")])
def test_a_decision_is_about_one_value_or_two_identifiers(action: str, other: str | None):
    with pytest.raises(ValueError, match="split and join need two identifiers, block one"):
        World().decide(action, "shop:a", other)


def test_a_decision_that_cannot_be_written_leaves_those_before(tmp_path, monkeypatch: pytest.MonkeyPatch):
    first, second = World().decide("block", "email:e").decide("block", "email:f").decisions
    add_decision(tmp_path, first)

    def fails(*_) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fails)
    with pytest.raises(OSError, match="No space"):
        add_decision(tmp_path, second)
    assert read_decisions(tmp_path) == [first]
    assert isinstance(first, Decision)
