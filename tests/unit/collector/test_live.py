import io

from rich.console import Console

from dmp_assets.collector.events import Collected
from dmp_assets.collector.live import shown, view
from dmp_assets.collector.tally import NEWEST, Tally
from dmp_assets.collector.wire import RequestError


def text_of(tally: Tally) -> str:
    console = Console(file=io.StringIO(), width=120, force_terminal=False)
    console.print(view(tally))
    return console.file.getvalue()  # ty: ignore[missing-attribute]


def test_what_arrives_is_shown_without_addresses_marks_and_control_characters():
    tally = Tally(is_live=True)
    names = ["Order Completed", "Mail to jane@example.com", "[/red]bold[bold]", "\x1b[31mred\x07", None]
    tally.show("web", [{"type": "track", "event": name} for name in names] + [7])
    tally.take("web", Collected([b"{}"] * 6, 5, ["not_an_object"]), 0.01)
    tally.refuse(None, RequestError(401, "unknown_write_key", "no"))
    found = text_of(tally)
    for word in ("Order Completed", "[/red]bold[bold]", "accepted", "not_an_object", "unknown_write_key"):
        assert word in found
    for word in ("jane", "example.com", "\x1b", "\x07"):
        assert word not in found


def test_only_the_newest_are_kept():
    tally = Tally(is_live=True)
    tally.show("web", [{"type": "page", "name": f"page {n}"} for n in range(100)])
    assert len(tally.newest) == NEWEST
    assert "page 99" in text_of(tally)


def test_the_last_counts_are_shown_when_it_ends():
    console = Console(file=io.StringIO(), width=120, force_terminal=True)
    tally = Tally(is_live=True)
    with shown(tally, console):
        tally.take("web", Collected([b"{}"], 1), 0.01)
    assert "accepted" in console.file.getvalue()  # ty: ignore[missing-attribute]
