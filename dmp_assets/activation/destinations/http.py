"""Requests to web services: answered, refused in the destination's words, or to be tried again."""

from __future__ import annotations

import datetime as dt
import email.utils
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dmp_assets.activation.destinations.base import RefusedError, UnreachableError

TIMEOUT_SECONDS = 30
_ABOUT_ROWS = (400, 409, 413, 422)
_CHARACTERS = 5000


@dataclass(frozen=True)
class Answer:
    """What a web service answered: the status, and the body as JSON (None if it is none)."""

    status: int
    content: Any


class _Keep(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: what is sent goes where the file says, and nowhere else."""

    def redirect_request(self, *_: object) -> None:  # ty: ignore[incompatible-method-override]
        """Return nothing, so that the redirection is an answer like any other."""


_OPENER = urllib.request.build_opener(_Keep)


def call(method: str, url: str, content: Any, headers: Mapping[str, str], *, accepted: tuple[int, ...] = ()) -> Answer:
    """Send JSON, and return the answer.

    Args:
        method: such as POST.
        url: where to.
        content: what becomes the body; bytes are sent as they are.
        headers: beside the content's type.
        accepted: answers from 400 on that are none of refusal.

    Raises:
        UnreachableError: there was no answer, or 429 or 5xx.
        RefusedError: any other answer but 2xx.
    """
    body = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
    request = urllib.request.Request(  # noqa: S310 - the settings allow http(s) only
        url, body, {"Content-Type": "application/json", "User-Agent": "dmp", **headers}, method=method
    )
    try:
        with _OPENER.open(request, timeout=TIMEOUT_SECONDS) as answer:
            return Answer(answer.status, _json(answer.read()))
    except urllib.error.HTTPError as error:
        text = _readable(error.read())
        if error.code in accepted:
            return Answer(error.code, None)
        words = f"{error.code} {error.reason}: {text}".strip(": ")
        if error.code == 429 or error.code >= 500:
            raise UnreachableError(words, after=_seconds(error.headers.get("Retry-After"))) from None
        raise RefusedError(words, is_about_rows=error.code in _ABOUT_ROWS) from None
    except (OSError, http.client.HTTPException) as error:
        raise UnreachableError(f"no answer ({getattr(error, 'reason', None) or type(error).__name__})") from None


def _seconds(text: str | None) -> float | None:
    """Return what the header Retry-After asks for: seconds, or a time; None without one."""
    if text is None:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        at = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (at - dt.datetime.now(at.tzinfo or dt.UTC)).total_seconds())


def _readable(body: bytes) -> str:
    """Return the text of an answer, of JSON with its letters as such."""
    content = _json(body)
    text = body.decode("utf-8", "replace") if content is None else json.dumps(content, ensure_ascii=False)
    return text[:_CHARACTERS]


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
