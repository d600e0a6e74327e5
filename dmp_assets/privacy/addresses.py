"""Addresses of mailboxes and of computers in a text: known by a sign (@, points, colons), then by what is around it.

All patterns begin with what is rare and have bounded repetitions, so that the time grows with the text's length and no faster,
whatever it holds.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

Place = tuple[int, int]

_GAPLESS = "\u2e80-\u9fff\uac00-\ud7af"
_LETTERS = "0-9A-Za-z\u00c0-\u1fff"
_DOMAIN = re.compile(rf"@((?:[{_LETTERS}{_GAPLESS}-]{{1,63}}\.){{1,8}})([{_LETTERS}{_GAPLESS}-]{{2,63}})")
_TOP_LEVEL = re.compile(rf"xn--[a-z0-9-]{{2,59}}|[A-Za-z\u00c0-\u1fff]{{2,24}}|[{_GAPLESS}]{{2,8}}")
_MAILBOX_BACKWARDS = re.compile(rf"[{_LETTERS}.!#$*+^_`~-]+")
_GAPLESS_MAILBOX_BACKWARDS = re.compile(rf"[{_LETTERS}{_GAPLESS}.!#$*+^_`~-]+")
_LONGEST_MAILBOX = 64
_FILE_ENDINGS = frozenset(
    [
        "png",
        "jpg",
        "jpeg",
        "gif",
        "webp",
        "svg",
        "avif",
        "ico",
        "bmp",
        "tif",
        "tiff",
        "heic",
        "css",
        "js",
        "mjs",
        "cjs",
        "ts",
        "tsx",
        "jsx",
        "json",
        "xml",
        "html",
        "htm",
        "php",
        "asp",
        "aspx",
        "jsp",
        "pdf",
        "doc",
        "docx",
        "xls",
        "xlsx",
        "csv",
        "tsv",
        "txt",
        "mp3",
        "mp4",
        "webm",
        "wav",
        "ogg",
        "woff",
        "woff2",
        "ttf",
        "otf",
        "eot",
        "scss",
        "less",
        "gz",
        "tar",
        "exe",
        "dll",
    ]
)

_V4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]?\d)", re.ASCII)
_V6 = re.compile(
    r"(?<![\w:.])(?=[0-9A-Fa-f:.]{6})[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\.\d{1,3}){0,3}(?![\w:])", re.ASCII
)


def mailboxes(text: str) -> Iterator[Place]:
    """Yield where e-mail addresses stand; file names such as ``logo@2x.png`` are none."""
    end = 0
    for match in _DOMAIN.finditer(text):
        at, top = match.start(), _TOP_LEVEL.match(match[2])
        if not top or top[0].lower() in _FILE_ENDINGS:
            continue
        before = text[max(end, at - _LONGEST_MAILBOX) : at][::-1]
        is_gapless = bool(before) and not _MAILBOX_BACKWARDS.match(before[0])
        mailbox = (_GAPLESS_MAILBOX_BACKWARDS if is_gapless else _MAILBOX_BACKWARDS).match(before)
        if mailbox:
            end = match.start(2) + top.end()
            yield at - len(mailbox[0]), end


def network_addresses(text: str) -> Iterator[Place]:
    """Yield where addresses of computers stand; versions such as ``Chrome/120.0.0.0`` and ``v1.2.3.4`` are none."""
    if text.count(".") > 2:
        for match in _V4.finditer(text):
            before = text[max(0, match.start() - 2) : match.start()]
            is_version = before[-1:].isalpha() or (before[-1:] == "/" and before[:1].isalnum())
            if not is_version and all(int(part) < 256 for part in match[0].split(".")):
                yield match.span()
    if text.count(":") > 1:
        for match in _V6.finditer(text):
            if ("::" in match[0] or match[0].count(":") > 5) and _is_v6(match[0]):
                yield match.span()


def _is_v6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
