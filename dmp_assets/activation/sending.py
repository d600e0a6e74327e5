"""One batch on its way: tried again while that may help, in halves where single rows are refused, and what became of each row."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dmp_assets.activation.destinations.base import Batch, Destination, Item, RefusedError, UnreachableError
from dmp_assets.privacy.texts import without_identifiers

_CHARACTERS = 300
_SHORTEST = 3


@dataclass(frozen=True)
class Patience:
    """How often a batch is tried in one run.

    Attributes:
        attempts: how often.
        first_seconds: the pause after the first try; it doubles each time.
        longest_seconds: of a pause; a destination that asks for a longer one is left for the next run.
        wait: sleeps for some seconds.
    """

    attempts: int = 4
    first_seconds: float = 1.0
    longest_seconds: float = 60.0
    wait: Callable[[float], None] = time.sleep


@dataclass
class Outcome:
    """What became of the rows of a batch.

    Attributes:
        sent: arrived.
        rejected: refused, with the destination's words.
        unreached: of which nobody knows, or that did not arrive.
        has_nothing: whether it is certain that none of these arrived.
        stops: why nothing more can be sent in this run; None if it can.
        is_refusal: whether that is because the destination refuses everything.
    """

    sent: list[Item] = field(default_factory=list)
    rejected: list[tuple[Item, str]] = field(default_factory=list)
    unreached: list[Item] = field(default_factory=list)
    has_nothing: bool = False
    stops: str | None = None
    is_refusal: bool = False


def deliver(destination: Destination, batch: Batch, patience: Patience) -> Outcome:
    """Send a batch, and return what became of each row; nothing that the destination does makes this raise."""
    outcome = Outcome()
    parts = [batch]
    while parts:
        part = parts.pop(0)
        if outcome.stops:
            outcome.unreached += part.items
            continue
        try:
            words = _patiently(destination, part, patience)
        except RefusedError as error:
            if error.is_about_rows and len(part.items) > 1:
                half = len(part.items) // 2
                parts[:0] = [part.of(part.items[:half]), part.of(part.items[half:])]
                continue
            said = clean_words(str(error), part.items)
            outcome.rejected += [(item, said) for item in part.items]
            if not error.is_about_rows:
                outcome.stops, outcome.is_refusal, outcome.has_nothing = said, True, True
        except UnreachableError as error:
            outcome.unreached += part.items
            outcome.stops, outcome.has_nothing = clean_words(str(error), part.items), error.has_nothing
        else:
            by_id: Mapping[str, Item] = {item.delivery_id: item for item in part.items}
            outcome.rejected += [
                (by_id[name], clean_words(said, [by_id[name]])) for name, said in words.items() if name in by_id
            ]
            outcome.sent += [item for item in part.items if item.delivery_id not in words]
    return outcome


def _patiently(destination: Destination, batch: Batch, patience: Patience) -> Mapping[str, str]:
    pause = patience.first_seconds
    for attempt in range(1, patience.attempts + 1):
        try:
            return destination.send(batch)
        except UnreachableError as error:
            is_last = attempt == patience.attempts or (error.after or 0) > patience.longest_seconds
            if is_last or not (destination.is_repeatable or error.has_nothing):
                raise
            # A little chance keeps many senders from coming back at one time.
            patience.wait(error.after if error.after is not None else pause * random.uniform(0.75, 1.25))  # noqa: S311
            pause = min(pause * 2, patience.longest_seconds)
    raise AssertionError


def clean_words(words: str, items: Sequence[Item]) -> str:
    """Return what a destination said without what it repeats of the rows and what else looks like an identifier."""
    text = " ".join(words.split())
    lower = text.lower()
    named = {value: name for name, value in _values(items) if value.lower() in lower}
    for value in sorted(named, key=len, reverse=True):
        text = re.sub(re.escape(value), f"[{named[value]}]", text, flags=re.IGNORECASE)
    return without_identifiers(text)[:_CHARACTERS]


def _values(items: Iterable[Item]) -> Iterable[tuple[str, str]]:
    return (
        (name, value)
        for item in items
        for name, value in item.fields.items()
        if name != "customer_id" and len(value) >= _SHORTEST
    )
