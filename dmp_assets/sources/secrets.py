"""Addresses of databases and web services as they may be shown: without passwords, tokens and keys.

A location is shown as it is declared, ``${NAME}`` and all; what its variables hold is not, not even where a driver says it.
"""

from __future__ import annotations

import os
import re
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

_USER = re.compile(r"(?i)([a-z][a-z\d+.-]*://)(?!\$\{?\w+\}?@)([^\s/:@]*)(:(?!\$\{?\w+\}?@)\S*)?@")
_PARAMETER = re.compile(
    r"(?i)([?&;\s][^=&?#\s]*(?:key|token|secret|pass|pwd|sig|auth|credential|code|session)[^=&?#\s]*=)(?!\$)[^&#\s'\")]+"
)
_VARIABLE = re.compile(r"\$(?:\{(\w+)[^}]*\}|(\w+))")
_HIDDEN = "***"
_SHORTEST_SECRET = 4


def without_password(text: str) -> str:
    """Return an address, or a text with one, without its password, its token and what else opens a door."""

    def user(match: re.Match[str]) -> str:
        scheme, name, password = match.groups()
        if password:
            return f"{scheme}{name}:{_HIDDEN}@"
        return f"{scheme}{_HIDDEN}@" if _is_web(scheme) else match[0]

    return _PARAMETER.sub(rf"\1{_HIDDEN}", _USER.sub(user, text))


def _is_web(scheme: str) -> bool:
    """Return whether a name without a password is a token: so with web services; to databases it is who asks."""
    return scheme.lower().startswith("http")


def hidden(text: str, location: str) -> str:
    """Return what a driver says of a location without anything that the location's variables hold.

    Args:
        text: such as an error's message.
        location: as it is declared.
    """
    for secret in sorted(_secrets(location), key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return without_password(text)


def _secrets(location: str) -> set[str]:
    """Return what must not be shown: the values of variables, and of those that are addresses the parts that open a door."""
    values = [os.environ.get(match[1] or match[2], "") for match in _VARIABLE.finditer(location)]
    found = set(values)
    for address in (*values, _VARIABLE.sub(lambda match: os.environ.get(match[1] or match[2], ""), location)):
        try:
            parts = urlsplit(address)
            found |= {parts.password or "", parts.netloc.rpartition("@")[0], parts.query}
        except ValueError:
            continue
        found |= {value for _, value in parse_qsl(parts.query)}
        found |= {parameter.partition("=")[2] for parameter in parts.query.split("&")}
        if not parts.password and _is_web(parts.scheme):
            found.add(parts.username or "")
    found |= (
        {unquote(each) for each in found}
        | {quote(each, safe="") for each in found}
        | {quote_plus(each) for each in found}
    )
    return {each for each in found if len(each) >= _SHORTEST_SECRET}
