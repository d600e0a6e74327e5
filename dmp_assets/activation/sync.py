"""A sync: an audience sent to a destination, as a plan first and then batch by batch, so that it can end anywhere and go on.

Whatever is sent is in the outbox before, as ``sending``; what became of it is written before the next. A sync that was killed
leaves at most one batch of which nobody knows. The next run sends this batch again as it was, under the same idempotency key, if
all of its rows may still be sent; else its rows count as perhaps there, and are removed, or sent anew, by the plan. A mail is not
sent again.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from dmp_assets.activation.delivery import Delivery, Ending, Sync, delivery_id
from dmp_assets.activation.destinations.base import Batch, Destination, Item
from dmp_assets.activation.members import Audience, Judged, judge
from dmp_assets.activation.outbox import Fields, Outbox, Stop, batches
from dmp_assets.activation.payloads import forget_fields, keep_fields, read_fields
from dmp_assets.activation.people import read_people
from dmp_assets.activation.plan import Plan, plan
from dmp_assets.activation.records import WORDS, MatchRate, Reason, Wanted, wanted
from dmp_assets.activation.sending import Outcome, Patience
from dmp_assets.activation.state import State, one_sync, opened
from dmp_assets.activation.suppression import is_suppressed
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.privacy.keys import Keys, pseudonym, read_keys

JUDGE_AGAIN_SECONDS = 60.0
"""A sync that takes longer asks again who may be sent."""


@dataclass(frozen=True)
class Planned:
    """What a sync would do now.

    Attributes:
        audience: the audience.
        members: how many members it has.
        plan: the rows to send.
        left_out: members who are left out, by reason.
        rates: match rates, by identifier.
        unsettled: rows of an earlier sync of which it is not known what became of them; they are settled first.
    """

    audience: Audience
    members: int
    plan: Plan
    left_out: Mapping[str, Reason]
    rates: Sequence[MatchRate]
    unsettled: int


@dataclass(frozen=True)
class Report:
    """What a sync did.

    Attributes:
        planned: what it had to do.
        sync_id: its id.
        state: done; unfinished, where the destination was out of reach; refused, where it took nothing.
        reason: why it is not done.
        fates: rows by what became of them.
        rejected: the destination's words, with the number of rows.
    """

    planned: Planned
    sync_id: str
    state: Ending
    reason: str | None
    fates: Mapping[str, int]
    rejected: Mapping[str, int]


@dataclass(frozen=True)
class _Known:
    """What holds for a whole run: who may be sent, and what."""

    judged: Judged
    wanted: Wanted
    waiting: frozenset[str]
    left_out: Mapping[str, Reason]


@dataclass
class Activation:
    """One audience and one destination."""

    settings: Settings
    audience: str
    destination: Destination
    even_small: bool = False
    patience: Patience = field(default_factory=Patience)
    clock: Callable[[], float] = time.monotonic

    def dry_run(self) -> Planned:
        """Return what a sync would do now; nothing is written and nothing sent.

        Raises:
            UserError: a setting, the audience or the destination is wrong, or they do not go together.
        """
        self.destination.prepare(self.settings)
        with opened(self.settings, is_read_only=True) as state:
            known = self._known(state, read_keys(self.settings))
            unsettled = state.unsettled(self.audience, self.destination.name)
            rows = sum(len(batch) for _, batches in unsettled for batch in batches)
            return self._planned(state, known, rows)

    def run(self) -> Report:
        """Send what differs, and return what became of it.

        Raises:
            UserError: as `dry_run`, or another process sends to the destination; nothing was sent then.
        """
        self.destination.prepare(self.settings)
        with one_sync(self.settings, self.destination.name), opened(self.settings) as state:
            keys = read_keys(self.settings)
            known = self._known(state, keys)
            stopped = self._settle_earlier(state, keys, known)
            planned = self._planned(state, known, 0)
            sync = self._sync(planned)
            deliveries, fields = self._outbox(keys, sync, planned)
            state.begin(sync, deliveries, planned.rates)
            if stopped is None and self.destination.is_whole:
                stopped = self._write_all(state, sync, known, deliveries)
            elif stopped is None:
                stopped = self._send_all(state, keys, sync, known, deliveries, fields)
            state.end(sync.sync_id, *(stopped or ("done",)))
            self._tidy(state, keys)
            return self._report(state, planned, sync.sync_id, stopped)

    def _known(self, state: State, keys: Keys) -> _Known:
        suppressed = state.suppressed()
        judged = judge(self.settings, keys, self.audience, suppressed)
        self._refuse_mismatch(judged.audience)
        left_out = dict(judged.left_out)
        may = judged.owners[~judged.owners["customer_id"].isin(list(left_out))]
        people = read_people(self.settings, keys, may, judged.seen, judged.namespaces)
        listed = {
            person.customer_id
            for person in people
            if suppressed and is_suppressed(person, suppressed, keys.pseudonyms, self.destination.country)
        }
        left_out |= dict.fromkeys(sorted(listed), "suppressed")
        found = wanted(
            [person for person in people if person.customer_id not in listed],
            self.destination,
            lambda text: pseudonym("activated", text, keys.pseudonyms),
        )
        waiting = frozenset(customer for customer, reason in left_out.items() if reason == "undecided")
        return _Known(judged, found, waiting, {**left_out, **found.left_out})

    def _refuse_mismatch(self, audience: Audience) -> None:
        channels = self.destination.channels
        if channels and audience.channel not in channels:
            raise UserError(
                f"The audience {audience.name} is for the channel {audience.channel}, and {self.destination.name} "
                f"({self.destination.kind}) takes {' or '.join(channels)}: nothing was sent. Members allowed the one and not the "
                "other; define an audience for that channel."
            )
        if self.destination.is_advertiser and audience.is_small and not self.even_small:
            raise UserError(
                f"The audience {audience.name} is below its threshold: few people can be told apart at an advertiser, so "
                "nothing was sent. Widen it, or say --even-small."
            )

    def _planned(self, state: State, known: _Known, unsettled: int) -> Planned:
        present = state.present(self.audience, self.destination.name)
        if self.destination.is_whole and not self.destination.is_written(self.settings, self.audience):
            present = {}
        waiting = frozenset() if self.destination.is_whole else known.waiting
        todo = plan(known.wanted.records, present, waiting=waiting, is_once=self.destination.is_once)
        return Planned(
            known.judged.audience,
            len(known.judged.members),
            todo,
            known.left_out,
            known.wanted.rates,
            unsettled,
        )

    def _sync(self, planned: Planned) -> Sync:
        todo = planned.plan
        return Sync(
            secrets.token_hex(8),
            self.audience,
            self.destination.name,
            self.destination.kind,
            planned.audience.as_of_on,
            planned.members,
            len(todo.adds),
            len(todo.changes),
            len(todo.removes),
            todo.unchanged,
            len(planned.left_out),
        )

    def _outbox(self, keys: Keys, sync: Sync, planned: Planned) -> tuple[list[Delivery], Fields]:
        """Return the rows of the outbox, removals first, and their fields, which are in the vault from then on."""
        todo, size = planned.plan, self.destination.batch_size
        name = self.destination.name
        fields: dict[tuple[str, str], dict[str, str]] = {}
        kept: Fields = {}
        if not self.destination.is_whole:
            keep_fields(self.settings, keys, name, self.audience, [*todo.adds, *todo.changes])
            kept = read_fields(self.settings, keys, name, self.audience, {row.key for row in todo.removes})
        last = {key: row for (key, _), row in kept.items()}
        deliveries: list[Delivery] = []
        for place, row in enumerate(todo.removes):
            fields[row.key, row.content] = kept.get((row.key, row.content)) or last.get(row.key) or {}
            deliveries.append(
                Delivery(
                    delivery_id(sync.sync_id, "remove", row.key),
                    row.customer_id,
                    "remove",
                    place // size,
                    row.key,
                    row.content,
                )
            )
        first = -(-len(todo.removes) // size)
        for place, record in enumerate([*todo.adds, *todo.changes]):
            fields[record.key, record.content] = dict(record.fields)
            deliveries.append(
                Delivery(
                    delivery_id(sync.sync_id, "add", record.key),
                    record.customer_id,
                    "add",
                    first + place // size,
                    record.key,
                    record.content,
                )
            )
        for customer, reason in sorted(planned.left_out.items()):
            deliveries.append(
                Delivery(
                    delivery_id(sync.sync_id, "skip", customer), customer, "skip", state="skipped", reason=WORDS[reason]
                )
            )
        return deliveries, fields

    def _write_all(self, state: State, sync: Sync, known: _Known, deliveries: Sequence[Delivery]) -> Stop | None:
        """Write all rows in the place of what was there, if anything differs; return why that failed."""
        todo = [row for row in deliveries if row.action != "skip"]
        if todo or not self.destination.is_written(self.settings, self.audience):
            records = sorted(known.wanted.records.values(), key=lambda record: (record.customer_id, record.key))
            items = [
                Item(delivery_id(sync.sync_id, "add", each.key), each.customer_id, each.fields) for each in records
            ]
            try:
                self.destination.write(self.settings, Batch(sync.sync_id, self.audience, "add", items))
            except UserError as error:
                return "unfinished", str(error)
        written = Outcome(sent=[Item(row.delivery_id, row.customer_id, {}) for row in todo])
        with state.transaction():
            Outbox(state, self.destination, self.patience).settle(sync, todo, written)
        return None

    def _send_all(
        self, state: State, keys: Keys, sync: Sync, known: _Known, deliveries: Sequence[Delivery], fields: Fields
    ) -> Stop | None:
        """Send batch by batch; return why not all could be sent."""
        outbox = Outbox(state, self.destination, self.patience)
        asked_at, left_out = self.clock(), known.left_out
        for rows, batch in batches(deliveries, fields, sync):
            if self.clock() - asked_at > JUDGE_AGAIN_SECONDS:
                try:
                    left_out = judge(self.settings, keys, self.audience, state.suppressed()).left_out
                except UserError as error:
                    return "unfinished", str(error)
                asked_at = self.clock()
            if stopped := outbox.send(sync, rows, batch, left_out):
                return stopped
        return None

    def _settle_earlier(self, state: State, keys: Keys, known: _Known) -> Stop | None:
        """Find out what became of the batches that earlier syncs left; return why that cannot be done now."""
        outbox, name = Outbox(state, self.destination, self.patience), self.destination.name
        for sync, left in state.unsettled(self.audience, name):
            for rows in left:
                kept = read_fields(self.settings, keys, name, self.audience, {row.key for row in rows})
                ids = [row.delivery_id for row in rows]
                if self.destination.is_whole:
                    with state.transaction():
                        state.decide(sync.sync_id, ids, "replanned")
                elif not self.destination.is_repeatable:
                    with state.transaction():
                        outbox.give_up(sync, rows, "the sending process died before it knew what became of it")
                elif all(_may_go_again(row, known, kept) for row in rows):
                    ((_, batch),) = batches(rows, kept, sync)
                    if stopped := outbox.send(sync, rows, batch, {}):
                        return stopped
                else:
                    with state.transaction():
                        state.decide(sync.sync_id, ids, "unknown", "it may have arrived: the next sync settles it")
                        for row in rows:
                            if row.action == "add":
                                state.is_present(sync, row.key, "", row.customer_id)
            state.end(sync.sync_id, "unfinished", "ended before all was sent; what was left is in the next sync")
        return None

    def _tidy(self, state: State, keys: Keys) -> None:
        """Forget the fields of rows that will be neither sent again nor removed."""
        if self.destination.is_whole:
            return
        still = set() if self.destination.is_once else set(state.present(self.audience, self.destination.name))
        for _, left in state.unsettled(self.audience, self.destination.name):
            still |= {row.key for rows in left for row in rows}
        forget_fields(self.settings, keys, self.destination.name, self.audience, still)

    def _report(self, state: State, planned: Planned, sync_id: str, stopped: Stop | None) -> Report:
        rows = state.frame("select state, reason from deliveries where sync_id = ? and action <> 'skip'", [sync_id])
        rejected = Counter(rows.loc[rows["state"] == "rejected", "reason"])
        ending, reason = stopped or ("done", None)
        return Report(planned, sync_id, ending, reason, dict(Counter(rows["state"])), dict(rejected))


def _may_go_again(row: Delivery, known: _Known, kept: Fields) -> bool:
    """Return whether a row of which nobody knows can be sent again as it was."""
    record = known.wanted.records.get(row.key)
    is_wanted = row.action == "remove" or (record is not None and record.content == row.content)
    return is_wanted and (row.key, row.content) in kept
