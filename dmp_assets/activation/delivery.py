"""A row of the outbox and the sync that it is of."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

Fate = Literal["planned", "sending", "sent", "rejected", "unknown", "skipped", "replanned"]
"""What became of a row: planned before anything is sent, sending while nobody knows, then sent, rejected by the destination, or
unknown for good. Skipped are members who were left out, replanned are rows whose sync ended before it came to them."""

Ending = Literal["sending", "done", "unfinished", "refused"]
"""How a sync stands: unfinished where the destination was out of reach or the process died, refused where it took nothing."""


@dataclass(frozen=True)
class Delivery:
    """A row of the outbox.

    Attributes:
        delivery_id: of the row in its sync.
        customer_id: whose it is.
        action: skip, add or remove.
        batch: number of its batch in the sync; None for a member who is left out.
        key, content: as `records.Record`; empty for a member who is left out.
        state: what became of it.
        reason: why, in words.
    """

    delivery_id: str
    customer_id: str
    action: Literal["skip", "add", "remove"]
    batch: int | None = None
    key: str = ""
    content: str = ""
    state: Fate = "planned"
    reason: str | None = None


@dataclass(frozen=True)
class Sync:
    """One run, with the number of rows of each kind; see `plan.Plan`."""

    sync_id: str
    audience: str
    destination: str
    kind: str
    as_of_on: str
    members: int
    added: int
    changed: int
    removed: int
    unchanged: int
    left_out: int


def delivery_id(sync_id: str, action: str, key: str) -> str:
    """Return the id of a row in its sync."""
    return hashlib.sha256(f"{sync_id}\n{action}\n{key}".encode()).hexdigest()[:32]
