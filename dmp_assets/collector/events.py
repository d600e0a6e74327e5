"""From a request's bytes to a segment's lines: decoding, parsing, validation. Pure functions, no network and no files.

The wire format is that of the Segment HTTP tracking API. A request is refused as a whole with a ``RequestError``; an event of
a well-formed request that cannot be accepted becomes a line with the reason and its text, beside the lines of the good ones.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import uuid
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from dmp_assets.collector import consent

EVENT_BYTES = 32 << 10
BODY_BYTES = 500 << 10
BATCH_EVENTS = 2_500
MESSAGE_ID_CHARACTERS = 100
# Real events nest some six levels deep; JSON readers downstream give up at a few hundred.
DEPTH = 64
# The batch's context is written with each event, so a small request can ask for large lines.
LINES_BYTES = 8 * BODY_BYTES

EVENT_TYPES = ("track", "identify", "page", "screen", "group", "alias")

# Why one event is not accepted: the code that quarantine shows, and what the client is told.
REASONS = {
    "not_an_object": "an event is a JSON object",
    "unknown_type": f"type is one of {', '.join(EVENT_TYPES)}",
    "no_user_anon_id": "userId or anonymousId is required",
    "invalid_id": "an id is a text or a whole number",
    "invalid_message_id": f"messageId is a text of less than {MESSAGE_ID_CHARACTERS} characters",
    "no_event_name": "a track call names its event",
    "no_group_id": "a group call needs groupId",
    "no_previous_id": "an alias call needs previousId",
    "invalid_object": "context, integrations, properties and traits are JSON objects",
    "invalid_consent": consent.FORM,
    "invalid_time": "timestamp, originalTimestamp and sentAt are ISO 8601 times",
    "nul_character": "a text contains the NUL character",
    "too_deep": f"objects and lists are nested at most {DEPTH} deep",
    "event_too_large": f"an event has at most {EVENT_BYTES >> 10} KB",
}

_OBJECTS = ("context", "integrations", "properties", "traits")
_TIMES = ("timestamp", "originalTimestamp", "sentAt")
_IDS = ("userId", "anonymousId", "groupId", "previousId")
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
# Base64 in an address: the URL-safe alphabet, and a plus sign that arrives as a space.
_BASE64 = str.maketrans("-_ ", "+/+")


class RequestError(Exception):
    """The request is refused: an HTTP status, a code for programs and a message for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        """Keep the three parts of the answer."""
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True, slots=True)
class Source:
    """Whose events they are: the name of the source and the namespace of its customer ids."""

    name: str
    namespace: str


@dataclass(slots=True)
class Collected:
    """A request's lines in the order of its events, and why some were not accepted (codes of ``REASONS``)."""

    lines: list[bytes] = field(default_factory=list)
    accepted: int = 0
    reasons: list[str] = field(default_factory=list)


def decode(body: bytes, content_encoding: str) -> bytes:
    """Return a body's content, at most ``BODY_BYTES`` long.

    Raises:
        RequestError: 413 too large, 400 not whole gzip or an encoding that is not known.
    """
    encoding = content_encoding.strip().lower()
    if encoding in ("gzip", "x-gzip"):
        body = _inflate(body)
    elif encoding not in ("", "identity"):
        raise RequestError(400, "unsupported_encoding", "Content-Encoding is gzip or absent")
    if len(body) > BODY_BYTES:
        raise body_too_large()
    return body


def body_too_large() -> RequestError:
    """Return the refusal of a body over ``BODY_BYTES``."""
    return RequestError(413, "body_too_large", f"a request has at most {BODY_BYTES >> 10} KB, inflated")


def _inflate(body: bytes) -> bytes:
    content = bytearray()
    rest = body
    while rest:
        member = zlib.decompressobj(wbits=31)
        try:
            content += member.decompress(rest, BODY_BYTES + 1 - len(content))
        except zlib.error:
            raise RequestError(400, "invalid_gzip", "the body is not gzip") from None
        if len(content) > BODY_BYTES:
            raise body_too_large()
        if not member.eof:
            raise RequestError(400, "invalid_gzip", "the gzip body ends too early")
        rest = member.unused_data
    return bytes(content)


def parse(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a body holds.

    Raises:
        RequestError: 400, it holds something else.
    """
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        message = _parse_cut_characters(body)
    if not isinstance(message, dict):
        raise _invalid_json()
    return message


def _parse_cut_characters(body: bytes) -> object:
    """Parse JSON in which a client has cut a character in two (half a surrogate pair); that half becomes a question mark."""
    if rb"\u" not in body:
        raise _invalid_json()
    try:
        text = json.dumps(json.loads(body, parse_constant=_refuse_constant), ensure_ascii=False)
        return orjson.loads(text.encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise _invalid_json() from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _invalid_json() -> RequestError:
    return RequestError(400, "invalid_json", "the body is not a JSON object in UTF-8")


def write_key(authorization: str, body_key: object, query_key: str | None) -> str:
    """Return the write key of a request: from Basic auth (the colon may be missing), the body or the query; "" if none."""
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(credentials.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            decoded = ""
        if user := decoded.partition(":")[0]:
            return user
    return body_key if isinstance(body_key, str) and body_key else query_key or ""


def collect(
    message: Mapping[str, Any], event_type: str | None, source: Source, *, received_at: datetime, has_gpc: bool
) -> Collected:
    """Return the lines of a request.

    Args:
        message: the body; a batch if ``event_type`` is None, else one event of that type.
        event_type: one of ``EVENT_TYPES`` or None.
        source: whose write key came with the request.
        received_at: when it was received, with a time zone.
        has_gpc: whether the header ``Sec-GPC: 1`` came with it.

    Raises:
        RequestError: 400, the batch is malformed or over the limits.
    """
    received = received_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    origin = {"source": source.name, "namespace": source.namespace, "received_at": received}
    prefix = orjson.dumps(origin | ({"gpc": True} if has_gpc else {}))[:-1] + b',"event":'
    events = [{**message, "type": event_type}] if event_type else _events_of_batch(message)
    collected = Collected()
    size = 0
    for event in events:
        reason, text = _check(event)
        if reason:
            raw = text[:EVENT_BYTES].decode("utf-8", "ignore")
            line = orjson.dumps({**origin, "reason": reason, "raw": raw})
            collected.reasons.append(reason)
        else:
            line = prefix + text + b"}"
            collected.accepted += 1
        size += len(line)
        if size > LINES_BYTES:
            raise RequestError(
                400, "batch_too_large", "the batch is too large once its context is written with each event"
            )
        collected.lines.append(line)
    return collected


def _events_of_batch(message: Mapping[str, Any]) -> list[object]:
    """Return the events of a batch, with what the batch says for all of them."""
    batch = message.get("batch")
    if not isinstance(batch, list):
        raise RequestError(400, "invalid_batch", "a batch is an object with a list of events in batch")
    if len(batch) > BATCH_EVENTS:
        raise RequestError(400, "too_many_events", f"a batch has at most {BATCH_EVENTS:,} events")
    common = {name: message[name] for name in ("context", "integrations") if message.get(name) is not None}
    if not all(isinstance(value, dict) for value in common.values()):
        raise RequestError(400, "invalid_object", "context and integrations of a batch are JSON objects")
    sent_at = message.get("sentAt")
    return [_merge(event, common, sent_at) if isinstance(event, dict) else event for event in batch]


def _merge(event: dict[str, Any], common: Mapping[str, dict[str, Any]], sent_at: object) -> dict[str, Any]:
    """Add the batch's context, integrations and sentAt; what the event says itself stays."""
    for name, shared in common.items():
        own = event.get(name)
        if own is None:
            event[name] = shared
        elif isinstance(own, dict):
            event[name] = {**shared, **own}
    if event.get("sentAt") is None and sent_at is not None:
        event["sentAt"] = sent_at
    return event


def _check(event: object) -> tuple[str | None, bytes]:
    """Return why an event is not accepted (None if it is) and its JSON text."""
    if not isinstance(event, dict):
        return "not_an_object", _text(event)
    event.pop("writeKey", None)
    if event.get("messageId") in (None, ""):
        event["messageId"] = str(uuid.uuid4())
    reason = _refusal(event)
    try:
        text = orjson.dumps(event)
    except orjson.JSONEncodeError:
        return "too_deep", _text(event)
    if len(text) > EVENT_BYTES:
        reason = "event_too_large"
    elif text.count(b"{") + text.count(b"[") > DEPTH and _depth(event) > DEPTH:
        reason = "too_deep"
    elif rb"\u0000" in text and _NUL.search(text):
        reason = "nul_character"
    return reason, text


def _refusal(event: Mapping[str, Any]) -> str | None:  # noqa: PLR0911 (one return a rule)
    """Return the first rule that an event breaks, or None."""
    event_type = event.get("type")
    if event_type not in EVENT_TYPES:
        return "unknown_type"
    for name in _IDS:
        if not isinstance(event.get(name), str | int | None) or isinstance(event.get(name), bool):
            return "invalid_id"
    if _is_absent(event.get("userId")) and _is_absent(event.get("anonymousId")):
        return "no_user_anon_id"
    message_id = event["messageId"]
    if not isinstance(message_id, str) or len(message_id) >= MESSAGE_ID_CHARACTERS:
        return "invalid_message_id"
    if event_type == "track" and not (isinstance(event.get("event"), str) and event["event"].strip()):
        return "no_event_name"
    if event_type == "group" and _is_absent(event.get("groupId")):
        return "no_group_id"
    if event_type == "alias" and _is_absent(event.get("previousId")):
        return "no_previous_id"
    if not all(isinstance(event.get(name), dict | None) for name in _OBJECTS):
        return "invalid_object"
    if not consent.is_well_formed(event.get("context") or {}):
        return "invalid_consent"
    if not all(_is_time(event.get(name)) for name in _TIMES):
        return "invalid_time"
    return None


def _is_absent(identifier: object) -> bool:
    return identifier is None or identifier == ""


def _is_time(value: object) -> bool:
    if value is None or value == "":
        return True
    if not isinstance(value, str):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _depth(value: object) -> int:
    """Return how deep objects and lists are nested; without recursion."""
    depth = 0
    level = [value]
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [child for each in level for child in (each.values() if isinstance(each, dict) else each)]
    return depth


def _text(value: object) -> bytes:
    """Return a value's JSON text; empty if it is nested too deep even to be written."""
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        return b""


def event_of_query(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the event of a pixel's query: a JSON object in base64 in ``data``, or flat names such as ``properties.subject``.

    Raises:
        RequestError: 400, data is not such an object, or one name is both a value and an object.
    """
    event: dict[str, Any] = {}
    for name, value in pairs:
        if name == "data":
            try:
                event |= parse(base64.b64decode(value.translate(_BASE64) + "=="))
            except binascii.Error:
                raise RequestError(400, "invalid_data", "data is a JSON object in base64") from None
            continue
        *path, last = name.split(".")
        target = event
        for part in path:
            target = target.setdefault(part, {})
            if not isinstance(target, dict):
                raise RequestError(400, "invalid_query", f"{name}: {part} is a value already")
        target[last] = value
    return event
