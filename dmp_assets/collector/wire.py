"""From a request's bytes to its message: decoding, parsing, the write key. Pure functions, no network and no files."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable
from typing import Any

import orjson

from dmp_assets.collector.broken_json import is_exact, read_members

BODY_BYTES = 500 << 10
_BOM = b"\xef\xbb\xbf"
# Base64 in an address: the URL-safe alphabet, and a plus sign that arrives as a space.
_BASE64 = str.maketrans("-_ ", "+/+")


class RequestError(Exception):
    """The request is refused: an HTTP status, a code for programs, a message for people, seconds after which to come again."""

    def __init__(self, status: int, code: str, message: str, retry_after: int | None = None) -> None:
        """Keep the parts of the answer."""
        super().__init__(message)
        self.status, self.code, self.message, self.retry_after = status, code, message, retry_after


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
    """Return the JSON object that a body holds; a value that cannot be read is ``broken_json.Unreadable`` in its place.

    Raises:
        RequestError: 400, it holds something else.
    """
    body = body.removeprefix(_BOM)
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        message = None
    if message is None or not is_exact(body, message):
        try:
            return read_members(body)
        except ValueError:
            raise _invalid_json() from None
    if not isinstance(message, dict):
        raise _invalid_json()
    return message


def _invalid_json() -> RequestError:
    return RequestError(400, "invalid_json", "the body is not one JSON object in UTF-8")


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
