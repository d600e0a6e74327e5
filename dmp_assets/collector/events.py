"""From a request's message to a segment's lines: one event after the other, by rules. Pure functions, no network and no files.

The wire format is that of the Segment HTTP tracking API. An event of a well-formed request that cannot be accepted becomes a line
with the reason and its text, beside the lines of the good ones.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from dmp_assets.collector import broken_json, consent
from dmp_assets.collector.broken_json import DEPTH, MOST_PARTS, Unreadable
from dmp_assets.collector.times import read_time
from dmp_assets.collector.wire import BODY_BYTES, RequestError

EVENT_BYTES = 32 << 10
BATCH_EVENTS = MOST_PARTS
MESSAGE_ID_CHARACTERS = 100
USER_AGENT_CHARACTERS = 1_000
# The batch's context is written with each event, so a small request can ask for large lines.
LINES_BYTES = 8 * BODY_BYTES

EVENT_TYPES = ("track", "identify", "page", "screen", "group", "alias")

# Why one event is not accepted: the code that quarantine shows, and what the client is told.
REASONS = {
    **broken_json.REASONS,
    "not_an_object": "an event is a JSON object",
    "unknown_type": f"type is one of {', '.join(EVENT_TYPES)}",
    "no_user_anon_id": "userId or anonymousId is required",
    "invalid_id": "an id is a text or a whole number, beyond 2^53 without a fraction's point",
    "invalid_message_id": f"messageId is a text of less than {MESSAGE_ID_CHARACTERS} characters or a whole number",
    "no_event_name": "a track call names its event",
    "no_group_id": "a group call needs groupId",
    "no_previous_id": "an alias call needs previousId",
    "invalid_object": "context, integrations, properties and traits are JSON objects",
    "invalid_consent": consent.FORM,
    "invalid_time": "timestamp, originalTimestamp and sentAt are ISO 8601 times, or seconds or a part of them since 1970",
    "nul_character": "a text contains the NUL character",
    "event_too_large": f"an event has at most {EVENT_BYTES >> 10} KB",
}

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_IDS = ("userId", "anonymousId", "groupId", "previousId")
_OBJECTS = ("context", "integrations", "properties", "traits")
_TIMES = ("timestamp", "originalTimestamp", "sentAt")
_EXACT = 2**53


@dataclass(frozen=True, slots=True)
class Source:
    """Whose events they are: the name of the source and the namespace of its customer ids."""

    name: str
    namespace: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the request itself tells of its events.

    Attributes:
        received_at: when it was received, with a time zone.
        has_gpc: whether the header ``Sec-GPC: 1`` came with it.
        user_agent: its header ``User-Agent``; kept with events that name none themselves.
    """

    received_at: datetime
    has_gpc: bool = False
    user_agent: str = ""


@dataclass(slots=True)
class Collected:
    """A request's lines in the order of its events, and why some were not accepted (codes of ``REASONS``)."""

    lines: list[bytes] = field(default_factory=list)
    accepted: int = 0
    reasons: list[str] = field(default_factory=list)


def collect(message: Mapping[str, Any], event_type: str | None, source: Source, receipt: Receipt) -> Collected:
    """Return the lines of a request.

    Args:
        message: the body; a batch if ``event_type`` is None, else one event of that type.
        event_type: one of ``EVENT_TYPES`` or None.
        source: whose write key came with the request.
        receipt: when and how it came.

    Raises:
        RequestError: 400, the batch is malformed or over the limits.
    """
    received = receipt.received_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    origin = {"source": source.name, "namespace": source.namespace, "received_at": received}
    told = origin | ({"gpc": True} if receipt.has_gpc else {})
    agent = {"user_agent": receipt.user_agent[:USER_AGENT_CHARACTERS]} if receipt.user_agent else {}
    prefix, prefix_with_agent = (orjson.dumps(head)[:-1] + b',"event":' for head in (told, told | agent))
    events: list[Any] = [{**message, "type": event_type}] if event_type else _events_of_batch(message)
    collected = Collected()
    size = 0
    for event in events:
        if isinstance(event, dict):
            event.pop("writeKey", None)
            if is_absent(event.get("messageId")):
                event["messageId"] = str(uuid.uuid4())
        reason, text = check(event)
        if reason:
            raw = text[:EVENT_BYTES].decode("utf-8", "replace" if reason == "invalid_utf8" else "ignore")
            line = orjson.dumps({**origin, "reason": reason, "raw": raw.replace("\0", "\\u0000")})
            collected.reasons.append(reason)
        else:
            names_agent = (event.get("context") or {}).get("userAgent")
            line = (prefix if names_agent else prefix_with_agent) + text + b"}"
            collected.accepted += 1
        size += len(line)
        if size > LINES_BYTES:
            raise RequestError(
                400, "batch_too_large", "the batch is too large once its context is written with each event"
            )
        collected.lines.append(line)
    return collected


def id_text(value: object) -> str | None:
    """Return an id as text: 42, 42.0 and "42" are one; None if it is absent (null, or nothing but blanks).

    Raises:
        ValueError: it is neither a text nor a whole number, or a number that has lost digits.
    """
    if isinstance(value, str):
        return value if value.strip() else None
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    raise ValueError("neither a text nor a whole number")


def _events_of_batch(message: Mapping[str, Any]) -> list[object]:
    """Return the events of a batch, with what the batch says for all of them."""
    batch = message.get("batch")
    if not isinstance(batch, list):
        raise RequestError(400, "invalid_batch", "a batch is an object with a list of events in batch")
    if len(batch) > BATCH_EVENTS:
        raise RequestError(400, "too_many_events", f"a batch has at most {BATCH_EVENTS:,} events")
    common = {name: message[name] for name in ("context", "integrations") if message.get(name) is not None}
    if not all(isinstance(value, dict | Unreadable) for value in common.values()):
        raise RequestError(400, "invalid_object", "context and integrations of a batch are JSON objects")
    sent_at = message.get("sentAt")
    return [_merge(event, common, sent_at) if isinstance(event, dict) else event for event in batch]


def _merge(event: dict[str, Any], common: Mapping[str, object], sent_at: object) -> dict[str, Any]:
    """Add the batch's context, integrations and sentAt; what the event says itself stays."""
    for name, shared in common.items():
        own = event.get(name)
        if own is None or isinstance(shared, Unreadable):
            event[name] = shared
        elif isinstance(own, dict):
            event[name] = {**shared, **own}  # ty: ignore[invalid-argument-type]
    if sent_at is not None and event.get("sentAt") is None:
        event["sentAt"] = sent_at
    return event


def check(event: object) -> tuple[str | None, bytes]:
    """Return why an event is not accepted (a code of ``REASONS``; None if it is) and its JSON text."""
    if isinstance(event, Unreadable):
        return event.reason, event.text
    if not isinstance(event, dict):
        return "not_an_object", _text(event)
    reason = _refusal(event)
    try:
        text = orjson.dumps(event)
    except orjson.JSONEncodeError:
        unreadable = [value for value in event.values() if isinstance(value, Unreadable)]
        return unreadable[0].reason if unreadable else "too_deep", _text(event)
    if len(text) > EVENT_BYTES:
        reason = "event_too_large"
    elif text.count(b"{") + text.count(b"[") > DEPTH and _depth(event) > DEPTH:
        reason = "too_deep"
    elif b"\\" in text and _NUL.search(text):
        reason = "nul_character"
    return reason, text


def _refusal(event: Mapping[str, Any]) -> str | None:  # noqa: PLR0911, PLR0912 (one return a rule)
    """Return the first rule that an event breaks, or None."""
    get = event.get
    event_type = get("type")
    if event_type not in EVENT_TYPES:
        return "unknown_type"
    try:
        present = [name for name in _IDS if name in event and id_text(get(name)) is not None]
    except ValueError:
        return "invalid_id"
    if "userId" not in present and "anonymousId" not in present:
        return "no_user_anon_id"
    if not _is_message_id(get("messageId")):
        return "invalid_message_id"
    if event_type == "track" and not (isinstance(name := get("event"), str) and name.strip()):
        return "no_event_name"
    if event_type == "group" and "groupId" not in present:
        return "no_group_id"
    if event_type == "alias" and "previousId" not in present:
        return "no_previous_id"
    for name in _OBJECTS:
        if name in event and not isinstance(get(name), dict | None):
            return "invalid_object"
    if not consent.is_well_formed(get("context") or {}):
        return "invalid_consent"
    try:
        for name in _TIMES:
            if name in event:
                read_time(get(name))
    except ValueError:
        return "invalid_time"
    return None


def is_absent(value: object) -> bool:
    """Return whether an id is null or a text of nothing but blanks."""
    return value is None or (isinstance(value, str) and not value.strip())


def _is_message_id(value: object) -> bool:
    try:
        text = id_text(value)
    except ValueError:
        return False
    return text is None or len(text) < MESSAGE_ID_CHARACTERS


def _depth(value: object) -> int:
    """Return how deep objects and lists are nested; without recursion."""
    depth = 0
    level = [value]
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [child for each in level for child in (each.values() if isinstance(each, dict) else each)]
    return depth


def _text(value: object) -> bytes:
    """Return a value's JSON text, unreadable members as they came; empty if it is nested too deep even to be written."""
    if isinstance(value, Unreadable):
        return value.text
    if isinstance(value, dict) and any(isinstance(member, Unreadable) for member in value.values()):
        return b"{%s}" % b",".join(_text(key) + b":" + _text(member) for key, member in value.items())
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        return b""
