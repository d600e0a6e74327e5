"""The script that kills everything, with few kills; `python -m benchmarks.kills --kills 50` does it in earnest."""

from benchmarks.kills import main


def test_nothing_is_lost_doubled_or_left_in_clear_when_collector_and_load_are_killed():
    said: list[str] = []
    assert main(["--kills", "2", "--build", "0", "--publish", "0"], said.append) == 0, said
