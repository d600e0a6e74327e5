"""How clients write a time, and what is read from it. One rule for the collector, which refuses what is none, and the load."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_2100 = 4_102_444_800
# Seconds, milliseconds, microseconds and nanoseconds since 1970, told apart by their size: from 1973 on their ranges do not meet.
_UNITS = ((1, 0), (10**3, 10**11), (10**6, 10**14), (10**9, 10**17))
_NUMBER = re.compile(r"[0-9]{9,19}(?:\.[0-9]{0,9})?")
_LEAP_SECOND = re.compile(r"(?<=:[0-9]{2}:)60|(?<=[Tt][0-9]{4})60", re.ASCII)
_MIDNIGHT = re.compile(r"(?<=[0-9][Tt ])24(?=:?00(?::?00(?:[.,]0*)?)?(?:[Zz+\- ]|$))", re.ASCII)


def read_time(value: object) -> datetime | None:
    """Return the time that a client means, with a time zone.

    A text is ISO 8601, UTC unless it tells an offset: ``z`` and ``t`` are ``Z`` and ``T``, ``24:00`` is the next day's midnight,
    the leap second ``:60`` the second after it, digits beyond microseconds are dropped. A number, or a text that begins with 9
    digits, counts from 1970 to 2100: seconds below 10^11, then milliseconds, from 10^14 microseconds, from 10^17 nanoseconds.

    Returns:
        None if the value is absent: null, or a text of blanks.

    Raises:
        ValueError: it is no such time.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return _of_text(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _of_number(value)
    raise ValueError(f"{type(value).__name__} is no time")


def _of_text(text: str) -> datetime | None:
    text = text.strip()
    if not text:
        return None
    if text[:9].isdecimal() and len(text) > 8:
        if not _NUMBER.fullmatch(text):
            raise ValueError("digits that are no time")
        return _of_number(float(text) if "." in text else int(text))
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = _of_unusual_text(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _of_unusual_text(text: str) -> datetime:
    shift = timedelta()
    if text[-1:] == "z":
        text = f"{text[:-1]}Z"
    if found := _MIDNIGHT.search(text):
        text, shift = f"{text[: found.start()]}00{text[found.end() :]}", timedelta(days=1)
    elif found := _LEAP_SECOND.search(text):
        text, shift = f"{text[: found.start()]}59{text[found.end() :]}", timedelta(seconds=1)
    try:
        return datetime.fromisoformat(text) + shift
    except OverflowError:
        raise ValueError("beyond the calendar") from None


def _of_number(number: float) -> datetime:
    if not math.isfinite(number):
        raise ValueError("not finite")
    for per_second, begin in reversed(_UNITS):
        if number >= begin:
            if number >= _YEAR_2100 * per_second:
                break
            return _EPOCH + timedelta(microseconds=round(number * 10**6 / per_second))
    raise ValueError("not between 1970 and 2100")
