"""Currencies that the names of columns tell, as ``Betrag (SEK)``, ``Total in CHF`` and ``amount_usd`` do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

_IN_BRACKETS = re.compile(r"[\s_-]*[(\[]\s*([A-Za-z]{3})\s*[)\]]\s*$")
_BEHIND = re.compile(
    r"[\s_-]+(?:in[\s_-]+)?(AUD|BRL|CAD|CHF|CNY|CZK|DKK|EUR|GBP|HKD|HUF|IDR|ILS|INR|JPY|KRW|MXN|NOK|NZD|PLN|SEK|SGD|THB|TWD|USD|ZAR)\s*$",
    re.IGNORECASE,
)
"""Without brackets only the most traded: ALL, TOP, TRY, CUP and PEN are words."""


def header_currency(columns: Iterable[str]) -> str | None:
    """Return the one ISO 4217 code that the names of columns with amounts tell; None where they tell none, or several."""
    codes = {code for column in columns if (code := _split(column)[1])}
    return codes.pop() if len(codes) == 1 else None


def without_currency(column: str) -> str:
    """Return a column's name without the currency behind it."""
    return _split(column)[0]


def _split(column: str) -> tuple[str, str | None]:
    match = _IN_BRACKETS.search(column) or _BEHIND.search(column)
    if match and match.start() and match[1].upper() in _currencies():
        return column[: match.start()], match[1].upper()
    return column, None


@cache
def _currencies() -> frozenset[str]:
    from babel.numbers import list_currencies

    return frozenset(list_currencies())
