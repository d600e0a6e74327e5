"""What was sent, what is on its way, and who is suppressed: kept in the home, in pseudonyms and customer ids only.

A SQLite file, ``activation/state.sqlite``: each step is one durable transaction, whatever the warehouse is doing. The outbox is its
table ``deliveries``. Nothing is ordered by a clock: syncs and rows have numbers.
"""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from filelock import FileLock, Timeout

from dmp_assets.activation.delivery import Delivery, Ending, Fate, Sync
from dmp_assets.activation.plan import Present
from dmp_assets.activation.records import MatchRate
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings

_VERSION = 1
_TABLES = """
    create table if not exists syncs (
        number integer primary key autoincrement, sync_id text not null unique, audience text not null, destination text not null,
        kind text not null, as_of_on text not null, started_at text not null, ended_at text, state text not null, reason text,
        members integer not null, added integer not null, changed integer not null, removed integer not null,
        unchanged integer not null, left_out integer not null
    ) strict;
    create table if not exists deliveries (
        number integer primary key autoincrement, sync_id text not null, delivery_id text not null, customer_id text not null,
        action text not null, batch integer, record_key text, record_content text, state text not null, reason text,
        decided_at text not null, unique (sync_id, delivery_id)
    ) strict;
    create index if not exists deliveries_by_batch on deliveries (sync_id, batch);
    create table if not exists present (
        destination text not null, audience text not null, record_key text not null, record_content text not null,
        customer_id text not null, primary key (destination, audience, record_key)
    ) strict;
    create table if not exists match_rates (
        sync_id text not null, identifier text not null, members integer not null, known integer not null,
        usable integer not null, repair text, primary key (sync_id, identifier)
    ) strict;
    create table if not exists suppressions (
        identifier_id text primary key, kind text not null, reason text not null, added_at text not null, added_by text not null
    ) strict;
"""


def state_path(settings: Settings) -> Path:
    """Return the file of the state."""
    return settings.home / "activation" / "state.sqlite"


@contextmanager
def one_sync(settings: Settings, destination: str) -> Generator[None]:
    """Hold the lock of a destination.

    Raises:
        UserError: another process sends to it.
    """
    folder = state_path(settings).parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(folder / f"{destination}.lock", mode=0o600, blocking=False)
    try:
        lock.acquire()
    except Timeout:
        raise UserError(
            f"Another process sends to {destination} at this moment: nothing was sent. Wait for it to end, then try again."
        ) from None
    try:
        yield
    finally:
        lock.release()


class State:
    """The state; `opened` opens it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take a connection; every statement outside `transaction` is a transaction of its own."""
        self._connection = connection

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Do all that follows or nothing of it."""
        self._connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def begin(self, sync: Sync, deliveries: Iterable[Delivery], rates: Iterable[MatchRate]) -> None:
        """Write a sync and its outbox, before anything is sent."""
        now = _now()
        with self.transaction():
            self._connection.execute(
                "insert into syncs (sync_id, audience, destination, kind, as_of_on, started_at, state, members, added, changed, "
                "removed, unchanged, left_out) values (?, ?, ?, ?, ?, ?, 'sending', ?, ?, ?, ?, ?, ?)",
                [
                    *(sync.sync_id, sync.audience, sync.destination, sync.kind, sync.as_of_on, now),
                    *(sync.members, sync.added, sync.changed, sync.removed, sync.unchanged, sync.left_out),
                ],
            )
            self._connection.executemany(
                "insert into deliveries (sync_id, delivery_id, customer_id, action, batch, record_key, record_content, state, "
                "reason, decided_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    [
                        *(sync.sync_id, row.delivery_id, row.customer_id, row.action, row.batch),
                        *(row.key, row.content, row.state, row.reason, now),
                    ]
                    for row in deliveries
                ],
            )
            self._connection.executemany(
                "insert into match_rates values (?, ?, ?, ?, ?, ?)",
                [
                    (sync.sync_id, rate.identifier, rate.members, rate.known, rate.usable, _repairs(rate))
                    for rate in rates
                ],
            )

    def end(self, sync_id: str, state: Ending, reason: str | None = None) -> None:
        """Say how a sync ended; of one that is over, rows that it did not come to are planned anew by the next."""
        with self.transaction():
            self._connection.execute(
                "update syncs set state = ?, ended_at = ?, reason = ? where sync_id = ?",
                [state, _now(), reason, sync_id],
            )
            self._connection.execute(
                "update deliveries set state = 'replanned', decided_at = ? where sync_id = ? and state = 'planned'",
                [_now(), sync_id],
            )

    def decide(self, sync_id: str, delivery_ids: Iterable[str], state: Fate, reason: str | None = None) -> None:
        """Say what became of rows."""
        now = _now()
        self._connection.executemany(
            "update deliveries set state = ?, reason = ?, decided_at = ? where sync_id = ? and delivery_id = ?",
            [(state, reason, now, sync_id, delivery_id) for delivery_id in delivery_ids],
        )

    def is_present(self, sync: Sync, key: str, content: str, customer_id: str) -> None:
        """Say that the destination has a row, or, with an empty content, that it may have one."""
        self._connection.execute(
            "insert into present values (?, ?, ?, ?, ?) on conflict do update set record_content = excluded.record_content, "
            "customer_id = excluded.customer_id",
            [sync.destination, sync.audience, key, content, customer_id],
        )

    def is_gone(self, sync: Sync, key: str) -> None:
        """Say that the destination has a row no more."""
        self._connection.execute(
            "delete from present where destination = ? and audience = ? and record_key = ?",
            [sync.destination, sync.audience, key],
        )

    def present(self, audience: str, destination: str) -> dict[str, Present]:
        """Return what the destination has of an audience, by key."""
        rows = self._connection.execute(
            "select record_key, record_content, customer_id from present where destination = ? and audience = ?",
            [destination, audience],
        )
        return {key: Present(key, content, customer) for key, content, customer in rows}

    def unsettled(self, audience: str, destination: str) -> list[tuple[Sync, list[list[Delivery]]]]:
        """Return the syncs that did not end, oldest first, each with the batches of which it is not known what became of them."""
        found = self._connection.execute(
            "select sync_id, audience, destination, kind, as_of_on, members, added, changed, removed, unchanged, left_out "
            "from syncs where audience = ? and destination = ? and (state = 'sending' or sync_id in "
            "(select sync_id from deliveries where state = 'sending')) order by number",
            [audience, destination],
        ).fetchall()
        return [(sync, self._batches(sync.sync_id)) for sync in (Sync(*row) for row in found)]

    def _batches(self, sync_id: str) -> list[list[Delivery]]:
        rows = self._connection.execute(
            "select batch, delivery_id, customer_id, action, record_key, record_content, state, reason from deliveries "
            "where sync_id = ? and state = 'sending' order by number",
            [sync_id],
        )
        batches: dict[int, list[Delivery]] = {}
        for batch, delivery_id, customer_id, action, key, content, state, reason in rows:
            delivery = Delivery(delivery_id, customer_id, action, batch, key, content, state, reason)
            batches.setdefault(batch, []).append(delivery)
        return list(batches.values())

    def suppress(self, rows: Sequence[tuple[str, str]], reason: str, by: str) -> int:
        """Add identifiers with their kinds to the suppression list; return how many were not in it."""
        before = self._count("suppressions")
        with self.transaction():
            self._connection.executemany(
                "insert into suppressions values (?, ?, ?, ?, ?) on conflict do nothing",
                [(identifier, kind, reason, _now(), by) for identifier, kind in rows],
            )
        return self._count("suppressions") - before

    def release(self, identifiers: Iterable[str]) -> int:
        """Take identifiers off the suppression list; return how many were in it."""
        before = self._count("suppressions")
        with self.transaction():
            self._connection.executemany(
                "delete from suppressions where identifier_id = ?", [(identifier,) for identifier in identifiers]
            )
        return before - self._count("suppressions")

    def suppressed(self) -> frozenset[str]:
        """Return the suppression list."""
        return frozenset(
            identifier for (identifier,) in self._connection.execute("select identifier_id from suppressions")
        )

    def frame(self, sql: str, parameters: Sequence[str | int] = ()) -> pd.DataFrame:
        """Return the result of a query."""
        return pd.read_sql_query(sql, self._connection, params=list(parameters))

    def fingerprint(self) -> str:
        """Return a text that changes whenever what is kept changes."""
        counts = self._connection.execute(
            "select 'deliveries ' || state, count(*) from deliveries group by state "
            "union all select 'syncs ' || state, count(*) from syncs group by state "
            "union all select 'suppressions ' || coalesce(max(identifier_id), ''), count(*) from suppressions "
            "union all select coalesce(max(decided_at), ''), 0 from deliveries order by 1"
        ).fetchall()
        return repr(counts)

    def _count(self, table: str) -> int:
        return self._connection.execute(f"select count(*) from {table}").fetchone()[0]


@contextmanager
def opened(settings: Settings, *, is_read_only: bool = False) -> Generator[State]:
    """Yield the state, made if there is none; where it is only read, an empty one that nothing keeps.

    Raises:
        UserError: the file is damaged, or of a newer version.
    """
    path = state_path(settings)
    if not is_read_only:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(path if path.exists() else ":memory:", timeout=30, isolation_level=None)
    try:
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        (version,) = connection.execute("pragma user_version").fetchone()
        if version > _VERSION:
            raise UserError(f"{path} was made by a newer version of the platform: install that version or a later one.")
        if version < _VERSION:
            connection.executescript(f"{_TABLES} pragma user_version = {_VERSION};")
        yield State(connection)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and "disk is full" in str(error):
            raise
        if not any(words in str(error) for words in ("malformed", "not a database")):
            raise
        raise UserError(
            f"{path} is damaged ({error}): put back a copy of it from a backup. Without one nobody knows what was sent, and what "
            "was sent already would be sent again."
        ) from None
    finally:
        connection.close()


def _repairs(rate: MatchRate) -> str | None:
    return "; ".join(f"{number:,}: {words}" for words, number in rate.repairs.items()) or None


def _now() -> str:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
