import pytest

from dmp_assets.identity.decisions import FILE, Decision, add_decision, read_decisions, standing
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
