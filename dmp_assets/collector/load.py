"""Load the collector's sealed segments into ``raw.events``, each exactly once, without direct identifiers.

A segment is known by its name, which never comes again. Its identifiers go to the vault first, then its rows and the record of the
load are written in one transaction, then a copy emptied of identifiers takes its place in ``loaded/``. A process that is killed
between these steps leaves what the next load completes.
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import zlib
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pandas as pd
from filelock import FileLock

from dmp_assets.collector.archive import LOADED, refuse_lost_warehouse
from dmp_assets.collector.broken_json import DEPTH, depth_of
from dmp_assets.collector.consent import choices
from dmp_assets.collector.events import check, id_text
from dmp_assets.collector.segments import sealed_segments, set_aside, write_gzip
from dmp_assets.collector.times import read_time
from dmp_assets.collector.tracking_plan import TrackingPlan, read_plan
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.privacy.identifiers import clean, clean_broken_json
from dmp_assets.privacy.keys import Keys, pseudonym, read_keys
from dmp_assets.privacy.texts import Found, Search, Token, own_search, read_search
from dmp_assets.privacy.vault import add_identifiers
from dmp_assets.sources.declare import LOAD_COLUMNS
from dmp_assets.sources.raw_tables import create_loads_table

EVENTS = {
    "source": "VARCHAR",
    "namespace": "VARCHAR",
    "message_id": "VARCHAR",
    "event_type": "VARCHAR",
    "event_name": "VARCHAR",
    "user_id": "VARCHAR",
    "anonymous_id": "VARCHAR",
    "previous_id": "VARCHAR",
    "group_id": "VARCHAR",
    "email_token": "VARCHAR",
    "phone_token": "VARCHAR",
    "sent_at": "TIMESTAMP",
    "original_at": "TIMESTAMP",
    "received_at": "TIMESTAMP",
    "context": "VARCHAR",
    "properties": "VARCHAR",
    "traits": "VARCHAR",
    "consent": "VARCHAR",
    "is_gpc": "BOOLEAN",
    "request_user_agent": "VARCHAR",
    "violation": "VARCHAR",
    "is_simulated": "BOOLEAN",
    "_segment": "VARCHAR",
    "_line": "BIGINT",
}
REJECTED_EVENTS = {
    "source": "VARCHAR",
    "reason": "VARCHAR",
    "violation": "VARCHAR",
    "row_json": "VARCHAR",
    "_segment": "VARCHAR",
    "_line": "BIGINT",
}
"""The columns of the raw tables, with their types."""

SIMULATED = "simulated_"
UNKNOWN_SOURCE = "unknown"


@dataclass
class Segment:
    """What a segment holds, without direct identifiers.

    Attributes:
        events: rows of `EVENTS`, times as text.
        rejected: rows of `REJECTED_EVENTS`.
        identifiers: rows of `vault.COLUMNS`.
        lines: the segment's lines without identifiers.
    """

    events: list[tuple] = field(default_factory=list)
    rejected: list[tuple] = field(default_factory=list)
    identifiers: list[tuple] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)


@dataclass(frozen=True)
class EventLoad:
    """What a load did: segments and rows added, the rows in the two tables now, the damaged segments that it set aside."""

    segments: int
    events_added: int
    rejected_added: int
    events_total: int
    rejected_total: int
    damaged: tuple[str, ...] = ()


def load_segments(warehouse: Warehouse, settings: Settings, *, now: dt.datetime) -> EventLoad:
    """Load every sealed segment that was not loaded before.

    Args:
        warehouse: where to.
        settings: name the collector's folder and the vault.
        now: the load time, UTC without time zone.

    A damaged segment is set aside in the folder ``damaged`` as it is, where nothing ends or changes it.

    Raises:
        UserError: the vault cannot be opened, a segment cannot be read (all others are loaded first), or the warehouse lacks events
            that were loaded before.
    """
    refuse_lost_warehouse(settings)
    with _alone(settings.collector_dir):
        segments, added, damaged, unreadable = _load_waiting(warehouse, settings, now)
    if unreadable:
        raise UserError(
            f"These segments of the collector cannot be read: {'; '.join(unreadable)}. All others are loaded. Let the user that "
            "runs the load read them, and load again."
        )
    with warehouse.read() as connection:
        totals = [
            connection.execute(f"select count(*) from raw.{table}").fetchall()[0][0]
            for table in ("events", "rejected_events")
        ]
    return EventLoad(segments, *added, *totals, tuple(damaged))


def _load_waiting(
    warehouse: Warehouse, settings: Settings, now: dt.datetime
) -> tuple[int, list[int], list[str], list[str]]:
    """Load what waits; return how many segments were loaded and rows added to each table, the damaged and unreadable segments."""
    with warehouse.write() as connection:
        create_tables(connection)
        known = {
            name
            for (name,) in connection.execute("select file_name from raw._loads where table_name = 'events'").fetchall()
        }
    segments, added, damaged, unreadable = 0, [0, 0], [], []
    keys, plan, search = read_keys(settings), read_plan(settings.project_dir), own_search(settings)
    for path in sealed_segments(settings.collector_dir):
        try:
            lines = _lines(path)
        except (gzip.BadGzipFile, EOFError, zlib.error):
            damaged.append(set_aside(path, settings.collector_dir).name)
            continue
        except OSError as error:
            unreadable.append(f"{path} ({error.strerror})")
            continue
        segment = read_lines(lines, path.name, keys, partial(read_search, settings), plan)
        if path.name not in known:
            add_identifiers(settings, keys, segment.identifiers)
            with warehouse.write() as connection:
                _insert(connection, segment, path, now, search)
            segments += 1
            added[0] += len(segment.events)
            added[1] += len(segment.rejected)
        _move(path, segment.lines, settings.collector_dir / LOADED)
    return segments, added, damaged, unreadable


@contextmanager
def _alone(folder: Path) -> Generator[None]:
    """Let one process load at a time: a build and the sensor's run may both find the same segments."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FileLock(folder / "load.lock", mode=0o600):
        yield


def read_lines(
    lines: Sequence[bytes], name: str, keys: Keys, search_of: Callable[[str], Search], plan: TrackingPlan
) -> Segment:
    """Return what the lines of a segment hold, without direct identifiers; a line that is no event is rejected.

    Args:
        lines: as the collector wrote them.
        name: of the segment.
        keys: for the pseudonyms.
        search_of: what is looked for in the events of a source.
        plan: what events must hold.
    """
    search_of = cache(search_of)

    @lru_cache(maxsize=1 << 16)
    def token(kind: str, value: str) -> str:
        return pseudonym(kind, value, keys.pseudonyms)

    segment = Segment()
    for number, line in enumerate(lines, start=1):
        record = _record(line, plan)
        how = (token, search_of(record["source"]))
        found = _clean_agent(record, *how)
        if record.get("reason"):
            _reject(segment, record, how, (name, number))
        else:
            _accept(segment, record, orjson.dumps(record) if found else line, how, (name, number))
        segment.identifiers.extend((record["source"], None, None, *each, record.get("received_at")) for each in found)
    return segment


def _record(line: bytes, plan: TrackingPlan) -> dict[str, Any]:
    """Return a line's record: with an event that the rules accept, or with a reason and the text of what was refused."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        return _refused(line, "not_json")
    if not _is_record(record):
        return _refused(line, "not_an_event")
    event = record.pop("event", None)
    if record.get("reason"):
        return record
    record.pop("violation", None)  # of an earlier plan
    reason, text = check(event)
    if reason is None and not _is_time(record.get("received_at")):
        reason = "invalid_time"
    if reason is None and (violation := plan.violation(event)):
        record["violation"] = violation
        reason = "breaks_events_yml" if plan.is_quarantined else None
    return {**record, "reason": reason, "raw": text.decode()} if reason else {**record, "event": event}


def _is_record(record: Any) -> bool:
    """Return whether the parts of a line have the types in which the collector writes them."""
    if not isinstance(record, dict) or not isinstance(record.get("source"), str):
        return False
    texts = [
        record.get(name) for name in ("source", "namespace", "received_at", "user_agent", "reason", "violation", "raw")
    ]
    if not all(text is None or (isinstance(text, str) and "\0" not in text) for text in texts):
        return False
    return "event" in record or bool(record.get("reason"))


def _clean_agent(record: dict[str, Any], token: Token, search: Search) -> Found:
    """Take what the request's user agent has of identifiers out of a record, and return these."""
    if not record.get("user_agent"):
        return []
    cleaned = clean({"context": {"userAgent": record["user_agent"]}}, token, search)
    record["user_agent"] = cleaned.event["context"]["userAgent"]
    return cleaned.found


def _refused(line: bytes, reason: str) -> dict[str, Any]:
    return {"source": UNKNOWN_SOURCE, "reason": reason, "raw": line.decode("utf-8", "replace").replace("\0", "")}


def _accept(
    segment: Segment, record: dict[str, Any], line: bytes, how: tuple[Token, Search], place: tuple[str, int]
) -> None:
    sent = record["event"]
    cleaned = clean(sent, *how)
    event = cleaned.event
    user_id, anonymous_id = _person_id(event.get("userId")), _person_id(event.get("anonymousId"))
    context = event.get("context") or {}
    chosen = choices(context)
    source, received_at = record["source"], record.get("received_at")
    segment.events.append(
        (
            source,
            record.get("namespace"),
            id_text(event.get("messageId")),
            event.get("type"),
            _text(event.get("event") if event.get("type") == "track" else event.get("name")),
            user_id,
            anonymous_id,
            _person_id(event.get("previousId")),
            id_text(event.get("groupId")),
            cleaned.email_token or record.get("email_token"),
            cleaned.phone_token or record.get("phone_token"),
            _time(sent.get("sentAt")),
            _time(sent.get("originalTimestamp")) or _time(sent.get("timestamp")),
            _time(received_at),
            _json(context),
            _json(_properties(event)),
            _json(event.get("traits")),
            None if chosen is None else orjson.dumps(chosen).decode(),
            bool(record.get("gpc")),
            record.get("user_agent"),
            record.get("violation"),
            source.startswith(SIMULATED),
            *place,
        )
    )
    if cleaned.found:
        segment.identifiers.extend(
            (source, user_id, anonymous_id, kind, value, pseudonym_, received_at)
            for kind, value, pseudonym_ in cleaned.found
        )
    if cleaned.is_changed:
        # With the pseudonyms of what was taken out: a warehouse that is lost is made again from these lines.
        tokens = {"email_token": cleaned.email_token, "phone_token": cleaned.phone_token}
        line = orjson.dumps({**record, "event": event, **{name: token for name, token in tokens.items() if token}})
    segment.lines.append(line)


def _reject(segment: Segment, record: dict[str, Any], how: tuple[Token, Search], place: tuple[str, int]) -> None:
    """Keep an event that was refused: as an object without identifiers, or as text without what looks like one."""
    raw = record.get("raw") or ""
    try:
        sent = orjson.loads(raw)
    except orjson.JSONDecodeError:
        sent = None
    if isinstance(sent, dict) and depth_of(raw.encode()) <= DEPTH:
        cleaned = clean(sent, *how)
        found, text = cleaned.found, orjson.dumps(cleaned.event).decode()
    else:
        text, found = clean_broken_json(raw, *how)
    segment.rejected.append((record["source"], record["reason"], record.get("violation"), text, *place))
    segment.identifiers.extend(
        (record["source"], None, None, *identifier, record.get("received_at")) for identifier in found
    )
    segment.lines.append(orjson.dumps({**record, "raw": text}))


def _text(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _person_id(value: Any) -> str | None:
    """Return the id of a person or device as text; blanks of any kind around it say nothing."""
    text = id_text(value)
    return text and text.strip()


def _time(value: Any) -> str | None:
    """Return a time of the many forms that clients write in the one that DuckDB reads."""
    time = read_time(value)
    return None if time is None else time.isoformat()


def _is_time(value: Any) -> bool:
    try:
        read_time(value)
    except ValueError:
        return False
    return True


def _properties(event: dict[str, Any]) -> dict[str, Any] | None:
    """Return an event's properties; the category of a page or screen, which stands beside them, is one too."""
    if event.get("type") in ("page", "screen") and isinstance(event.get("category"), str):
        return {"category": event["category"], **(event.get("properties") or {})}
    return event.get("properties")


def _json(value: Any) -> str | None:
    return orjson.dumps(value).decode() if value else None


def _lines(path: Path) -> list[bytes]:
    with gzip.open(path, "rb") as file:
        lines = [line for line in file.read().split(b"\n") if line]
    if not lines:
        raise EOFError("no segment is sealed without a line")
    return lines


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the raw tables of events and the record of loads, if they are not there."""
    create_loads_table(connection)
    for table, columns in (("events", EVENTS), ("rejected_events", REJECTED_EVENTS)):
        typed = ", ".join(f"{name} {kind}" for name, kind in {**columns, **LOAD_COLUMNS}.items())
        connection.execute(f"create table if not exists raw.{table} ({typed})")
        for name, kind in columns.items():  # a table of an earlier version lacks some
            connection.execute(f"alter table raw.{table} add column if not exists {name} {kind}")


def _insert(connection: duckdb.DuckDBPyConnection, segment: Segment, path: Path, now: dt.datetime, search: str) -> None:
    # Of the lines without identifiers: they are the same when the segment is loaded again from the archive.
    content = hashlib.sha256(b"\n".join(segment.lines)).hexdigest()
    # By name and content: two segments may hold the same.
    load_id = hashlib.sha256(f"{path.name} {content}".encode()).hexdigest()[:16]
    for table, columns, rows in (
        ("events", EVENTS, segment.events),
        ("rejected_events", REJECTED_EVENTS, segment.rejected),
    ):
        if rows:
            texts = {column: object for column, kind in columns.items() if kind in ("VARCHAR", "TIMESTAMP")}
            frame = pd.DataFrame(rows, columns=pd.Index(list(columns))).astype(texts)
            connection.register("new_rows", frame)
            selected = ", ".join(_cast(column, kind) for column, kind in columns.items())
            named = ", ".join([*columns, *LOAD_COLUMNS])
            connection.execute(
                f"insert into raw.{table} ({named}) select {selected}, ?, ? from new_rows order by _line",
                [load_id, now],
            )
            connection.unregister("new_rows")
    connection.execute(
        "insert into raw._loads values (?, 'collector', 'events', ?, ?, ?, ?, ?)",
        [load_id, path.name, content, len(segment.events), now, search],
    )


def _cast(column: str, kind: str) -> str:
    if kind == "TIMESTAMP":
        return f"cast(try_cast({column} as timestamptz) at time zone 'UTC' as timestamp)"
    return f"cast({column} as {kind})"


def _move(path: Path, lines: Sequence[bytes], folder: Path) -> None:
    """Put the lines into the folder under the segment's name, durably, and remove the segment."""
    folder.mkdir(mode=0o700, exist_ok=True)
    write_gzip(folder / path.name, [b"".join(line + b"\n" for line in lines)])
    path.unlink()
