"""Questions to the user: what is open is asked, or named as an error with the flag that answers it."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dmp_assets.platform.errors import UserError

Ask = Callable[[str, Sequence[str]], str]
"""Puts a question with the possible answers (none: any text) and returns the answer."""


@dataclass(frozen=True)
class Question:
    """A question to the user, and the flag that answers it."""

    text: str
    flag: str


def chosen(known: str | None, choices: Sequence[str], question: Question, ask: Ask | None) -> str:
    """Return what is known, or the answer to a question.

    Raises:
        UserError: nobody can be asked, or it is none of the choices.
    """
    answer = known
    if answer is None:
        if ask is None:
            options = f" (one of {', '.join(choices)})" if choices else ""
            raise UserError(f"{question.text} Say it with {question.flag}{options}.")
        answer = ask(question.text, choices)
    if choices and answer not in choices:
        raise UserError(f"{question.text} {answer!r} is none of {', '.join(choices)}.")
    return answer


def time_zone_name(said: str | None, ask: Ask | None) -> str:
    """Return the IANA time zone that was said, or is asked for.

    Raises:
        UserError: nobody can be asked, or it is none.
    """
    zone = chosen(
        said, (), Question("In which time zone are the times and stores, such as Europe/Paris?", "--time-zone"), ask
    )
    if zone not in zoneinfo.available_timezones():
        raise UserError(f"--time-zone: {zone} is no IANA time zone, such as Europe/Paris, Asia/Shanghai or UTC.")
    return zone


def currency_code(said: str | None, ask: Ask | None) -> str:
    """Return the ISO 4217 code that was said, or is asked for.

    Raises:
        UserError: nobody can be asked, or it is none.
    """
    code = chosen(said, (), Question("In which currency are the amounts, such as EUR?", "--currency"), ask).upper()
    if not re.fullmatch("[A-Z]{3}", code):
        raise UserError(f"--currency: {code} is no ISO 4217 code, such as EUR, USD or CNY.")
    return code
