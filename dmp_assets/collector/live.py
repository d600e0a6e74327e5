"""What arrives at the collector, in the terminal: counts and the newest events, without anything that tells of a person."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from dmp_assets.collector.tally import Tally
from dmp_assets.privacy.texts import without_identifiers

REFRESH_SECONDS = 0.5
_NAME_CHARACTERS = 60


@contextmanager
def shown(tally: Tally, console: Console | None = None) -> Generator[None]:
    """Show the tally's counts, anew twice a second, while the context lasts.

    Args:
        tally: one that is live.
        console: where; the terminal by default.
    """
    is_over = threading.Event()
    with Live(view(tally), console=console, auto_refresh=False) as live:

        def refresh() -> None:
            while not is_over.wait(REFRESH_SECONDS):
                live.update(view(tally), refresh=True)

        thread = threading.Thread(target=refresh, name="live", daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()
            live.update(view(tally), refresh=True)


def view(tally: Tally) -> Group:
    """Return the counts by source and outcome, and the newest events; what looks like an e-mail address in a name is left out."""
    counts = Table("source", "outcome", "count", title="Since the start", title_justify="left")
    for (source, outcome), count in sorted(tally.totals.copy().items()):
        counts.add_row(source, _plain(outcome), f"{count:,}")
    newest = Table("time (UTC)", "source", "type", "name", title="Newest events", title_justify="left")
    for event in list(tally.newest):
        name = without_identifiers(event.name)
        newest.add_row(f"{event.at:%H:%M:%S}", event.source, _plain(event.event_type), _plain(name))
    return Group(counts, newest)


def _plain(text: str) -> Text:
    """Return a client's text without marks and control characters, which would be the terminal's."""
    return Text("".join(each if each.isprintable() else " " for each in text[:_NAME_CHARACTERS]))
