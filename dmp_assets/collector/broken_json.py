"""JSON of which a part cannot be read as it was meant: that part keeps its text and gets a reason, all others are read.

orjson reads whole documents, fast, and refuses a whole one for one bad value; of a repeated key it keeps the last, of an integer
beyond 64 bits some digits. Here a document is split at its commas, without recursion, and each part is read alone.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import orjson

# Real events nest some six levels deep; JSON readers downstream give up at a few hundred.
DEPTH = 64
# No event has as many members, no batch more events.
MOST_PARTS = 2_500

REASONS = {
    "invalid_json": "an event is JSON (RFC 8259)",
    "invalid_utf8": "a text is UTF-8",
    "invalid_number": "a number is finite, and an integer has at most 64 bits; longer ids are texts",
    "duplicate_key": "an object has each key once",
    "too_deep": f"objects and lists are nested at most {DEPTH} deep",
}

# A string, closed or cut off by the end, or a mark; possessive, so that the time is linear in the text whatever it holds.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)
_KEY = re.compile(rb'\s*("(?:[^"\\]++|\\.)*+")\s*:', re.DOTALL)
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_HUGE, _HUGE_BELOW_0 = b"0" * 20, b"-" + b"0" * 19
_BEFORE_NUMBER = b": ,[-\t\r\n"
_LARGEST = 2**64


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A value that cannot be read: its text as it came, and why (a key of ``REASONS``)."""

    text: bytes
    reason: str


def is_exact(body: bytes, value: object) -> bool:
    """Return whether a value surely says all that its text does: no key was dropped, no integer lost digits.

    Args:
        body: a JSON text that orjson accepts.
        value: what orjson made of it.
    """
    try:
        written = orjson.dumps(value)
    except orjson.JSONEncodeError:  # nested too deep to be written
        return False
    return body.count(b":") == written.count(b":") and not _may_hold_huge_integer(body)


def read_members(body: bytes) -> dict[str, object]:
    """Return the members of the object that a body holds; unreadable values as ``Unreadable``, in a list ``batch`` item by item.

    Raises:
        ValueError: the body is not one whole object, a key cannot be read or comes twice.
    """
    members: dict[str, object] = {}
    for part in _parts(body, b"{}"):
        found = _KEY.match(part)
        if not found:
            raise ValueError("no key")
        key = orjson.loads(found[1])
        if key in members or len(members) == MOST_PARTS:
            raise ValueError("the same key twice, or too many")
        value = part[found.end() :].strip()
        if key == "batch" and value[:1] == b"[":
            # One more than a batch may have tells that it has too many.
            members[key] = [read_part(item.strip()) for item in islice(_parts(value, b"[]"), MOST_PARTS + 1)]
        else:
            members[key] = read_part(value)
    return members


def read_part(text: bytes) -> object:
    """Return the value of a JSON text, or ``Unreadable``; half a surrogate pair, left by a cut text, is a question mark."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return _repaired(text)
    return value if is_exact(text, value) else _repaired(text)


def _repaired(text: bytes) -> object:
    if depth_of(text) > DEPTH:
        return Unreadable(text, "too_deep")
    problems: list[str] = []

    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        read = dict(pairs)
        if len(read) < len(pairs):
            problems.append("duplicate_key")
        return read

    def number(digits: str) -> float:
        value = float(digits)
        if not math.isfinite(value):
            problems.append("invalid_number")
        return value

    def integer(digits: str) -> int:
        # Longer ones would be refused, and take time.
        value = int(digits[:21])
        if not -_LARGEST // 2 <= value < _LARGEST:
            problems.append("invalid_number")
        return value

    try:
        value = json.loads(
            text.decode(), object_pairs_hook=members, parse_float=number, parse_int=integer, parse_constant=number
        )
    except UnicodeDecodeError:
        return Unreadable(text, "invalid_utf8")
    except (ValueError, RecursionError):
        return Unreadable(text, "invalid_json")
    if problems:
        return Unreadable(text, problems[0])
    return orjson.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def _parts(text: bytes, brackets: bytes) -> Iterator[bytes]:
    """Yield what stands between the commas of a list or an object.

    Raises:
        ValueError: the text is not one whole list or object with these brackets.
    """
    text = text.strip()
    depth, begin = 0, 1
    if text[:1] + text[-1:] != brackets:
        raise ValueError(f"not within {brackets!r}")
    if not text[1:-1].strip():
        return
    for token in _TOKEN.finditer(text):
        mark = text[token.start()]
        if mark in b"[{":
            depth += 1
        elif mark in b"]}":
            depth -= 1
            if depth == 0 and token.end() != len(text):
                raise ValueError("more than one value")
        elif mark == ord(",") and depth == 1:
            yield text[begin : token.start()]
            begin = token.end()
    if depth:
        raise ValueError("not whole")
    yield text[begin:-1]


def depth_of(text: bytes) -> int:
    """Return how deep the brackets of a text nest; without recursion."""
    depth = deepest = 0
    for token in _TOKEN.finditer(text):
        mark = text[token.start()]
        if mark in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in b"]}":
            depth -= 1
    return deepest


def _may_hold_huge_integer(text: bytes) -> bool:
    """Return whether a number of 20 digits, or of 19 below zero, may stand in a text."""
    digits = text.translate(_DIGITS)
    if _HUGE_BELOW_0 in digits:
        return True
    at = digits.find(_HUGE)
    while at >= 0:
        if at == 0 or text[at - 1] in _BEFORE_NUMBER:
            return True
        at = digits.find(_HUGE, at + len(_HUGE))
    return False
