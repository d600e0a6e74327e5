"""The outbox at work: a batch is written as ``sending``, sent, and what became of its rows is written before the next one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from dmp_assets.activation.delivery import Delivery, Ending, Sync
from dmp_assets.activation.destinations.base import Action, Batch, Destination, Item
from dmp_assets.activation.records import WORDS, Reason
from dmp_assets.activation.sending import Outcome, Patience, deliver
from dmp_assets.activation.state import State

Fields = Mapping[tuple[str, str], dict[str, str]]
"""What is sent of rows, by their keys and contents."""

Stop = tuple[Ending, str]
"""How a sync ends before its end, and why."""

_LOST = "what was sent is not in the vault any more: remove it at the destination"


@dataclass(frozen=True)
class Outbox:
    """The rows of one destination on their way."""

    state: State
    destination: Destination
    patience: Patience

    def send(self, sync: Sync, rows: Sequence[Delivery], batch: Batch, left_out: Mapping[str, Reason]) -> Stop | None:
        """Send a batch, without those who may not be sent any more.

        Returns:
            Why nothing more can be sent in this run; None if it can.
        """
        withheld = {
            row.delivery_id: WORDS[left_out[row.customer_id]]
            for row in rows
            if row.action == "add" and row.customer_id in left_out
        }
        lost = {item.delivery_id for item in batch.items if not item.fields}
        items = [item for item in batch.items if item.delivery_id not in withheld.keys() | lost]
        with self.state.transaction():
            for name, words in withheld.items():
                self.state.decide(sync.sync_id, [name], "skipped", words)
            self.state.decide(sync.sync_id, lost, "unknown", _LOST)
            self.state.decide(sync.sync_id, [item.delivery_id for item in items], "sending")
        if not items:
            return None
        outcome = deliver(self.destination, batch.of(items), self.patience)
        is_unknown = bool(outcome.unreached) and not (self.destination.is_repeatable or outcome.has_nothing)
        names = {item.delivery_id for item in outcome.unreached}
        with self.state.transaction():
            self.settle(sync, rows, outcome)
            if is_unknown:
                self.give_up(sync, [row for row in rows if row.delivery_id in names], outcome.stops)
            elif outcome.has_nothing:
                self.state.decide(sync.sync_id, names, "planned")
        if outcome.stops is None or is_unknown:
            return None
        return ("refused" if outcome.is_refusal else "unfinished"), outcome.stops

    def settle(self, sync: Sync, rows: Sequence[Delivery], outcome: Outcome) -> None:
        """Write what became of rows, in the caller's transaction."""
        by_id = {row.delivery_id: row for row in rows}
        self.state.decide(sync.sync_id, [item.delivery_id for item in outcome.sent], "sent")
        for item, words in outcome.rejected:
            self.state.decide(sync.sync_id, [item.delivery_id], "rejected", words)
        for item in outcome.sent:
            row = by_id[item.delivery_id]
            if row.action == "remove":
                self.state.is_gone(sync, row.key)
            else:
                self.state.is_present(sync, row.key, row.content, row.customer_id)

    def give_up(self, sync: Sync, rows: Sequence[Delivery], why: str | None) -> None:
        """Say of rows that can be sent once only that nobody will know, so that they are not sent again; as `settle`."""
        self.state.decide(sync.sync_id, [row.delivery_id for row in rows], "unknown", why)
        for row in rows:
            self.state.is_present(sync, row.key, row.content, row.customer_id)


def batches(deliveries: Sequence[Delivery], fields: Fields, sync: Sync) -> Iterator[tuple[list[Delivery], Batch]]:
    """Yield the rows that are to be sent, by batch, each with what is sent."""
    to_send = [row for row in deliveries if row.action != "skip"]
    for _, group in groupby(to_send, lambda row: row.batch):
        rows = list(group)
        items = [Item(row.delivery_id, row.customer_id, fields.get((row.key, row.content), {})) for row in rows]
        action: Action = "remove" if rows[0].action == "remove" else "add"
        yield rows, Batch(sync.sync_id, sync.audience, action, items)
