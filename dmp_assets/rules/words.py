"""Conditions in words, why a row meets them or not, and how far off it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import pandas as pd

from dmp_assets.rules.check import Judged
from dmp_assets.rules.conditions import (
    Allowed,
    Conditions,
    LookAlikes,
    Measure,
    Membership,
    Question,
    Rows,
    Sample,
    Sequence,
    Step,
    Top,
    Window,
)
from dmp_assets.rules.sql import answers
from dmp_assets.rules.values import DaysAgo, Value

_ASKED = {
    "=": "{}",
    "!=": "other than {}",
    ">=": "at least {}",
    ">": "more than {}",
    "<=": "at most {}",
    "<": "less than {}",
    "between": "between {} and {}",
    "contains": "a text with {} in it",
    "starts with": "a text that starts with {}",
    "ends with": "a text that ends with {}",
    "anniversary within": "a day with its anniversary in the next {} days",
    "is unknown": "unknown",
    "is known": "known",
}
_ASKED_OF_DATES = {">=": "on or after {}", ">": "after {}", "<=": "on or before {}", "<": "before {}"}


def in_words(condition: Judged) -> str:
    """Return what is asked, such as ``frequency is at least 10 and (region is A or region is B)``."""
    if isinstance(condition, Question):
        words = subject_in_words(condition)
        if isinstance(condition, Measure) and condition.measure == "count":
            return f"{_asked(condition)} {_name(condition.of)}{_which(condition)}"
        return words if _is_flag(condition) else f"{words} is {_asked(condition)}"
    some = " or ".join(map(_part, condition.any))
    parts = [
        *map(_part, condition.all),
        *([f"({some})" if len(condition.any) > 1 and (condition.all or condition.none) else some] if some else []),
        *map(_denied, condition.none),
    ]
    return " and ".join(parts)


def _denied(condition: Judged) -> str:
    match condition:
        case Allowed():
            return f"has not allowed {_purpose(condition)}"
        case Membership() | LookAlikes() | Top() | Sample():
            return f"not {subject_in_words(condition)}"
        case Sequence():
            return f"not: {subject_in_words(condition)}"
    return f"not ({in_words(condition)})"


def subject_in_words(question: Question) -> str:
    """Return what a question asks, without the answer that it asks for, such as ``number of orders in the last 90 days``."""
    match question:
        case Measure():
            words = f"{_measured(question)}{_which(question)}"
        case Sequence():
            words = ", then ".join(map(_step, question.sequence))
        case Top(top_percent=None):
            words = f"among the {question.bottom_percent:g} % with the lowest {_name(question.by)}"
        case Top():
            words = f"among the {question.top_percent:g} % with the highest {_name(question.by)}"
        case Sample():
            words = f"in the sample {question.salt} of {question.sample_percent:g} %"
        case Membership():
            words = f"in the audience {question.audience}"
        case LookAlikes():
            words = f"among the {question.top_percent:g} % most like the audience {question.look_alikes_of}"
        case Allowed():
            words = f"has allowed {_purpose(question)}"
        case _:
            words = _name(question.asked_column)
    return words


def _purpose(question: Allowed) -> str:
    return question.allowed if question.channel == "any" else f"{question.allowed} by {question.channel}"


def _measured(question: Measure) -> str:
    what = _name(question.of)
    column = _name(question.column or "")
    match question.measure:
        case "count":
            return f"number of {what}"
        case "count different":
            return f"number of different {column} of {what}"
        case "sum":
            return f"sum of {column} of {what}"
        case "average" | "lowest" | "highest":
            return f"{question.measure} {column} of {what}"
        case "first" | "last":
            return f"{column} of the {question.measure} of {what}"
    return f"{question.measure} of {what}"


def _which(rows: Rows) -> str:
    """Return which related rows are meant, as the end of a phrase."""
    where = f" with {in_words(rows.where)}" if rows.where is not None else ""
    return f"{where}{_within(rows.within)}" if rows.within else where


def _within(window: Window) -> str:
    if window.last_days is not None:
        return " on the last day" if window.last_days == 1 else f" in the last {window.last_days:,} days"
    if window.this is not None:
        return f" in this {window.this}"
    if window.previous is not None:
        return f" in the previous {window.previous}"
    since = f" from {window.from_}" if window.from_ else ""
    return f"{since} to {window.to}" if window.to else since


def _step(step: Step) -> str:
    what = f"{_name(step.of)}{_which(step)}"
    within = f" within {step.within_days:g} days" if step.within_days is not None else ""
    return f"no {what}{within}" if step.missing else f"{what}{within}"


@dataclass(frozen=True)
class Why:
    """Whether a row meets conditions, and what decided it.

    Attributes:
        holds: True, False, or None where an unknown value leaves it open; such a row is not taken.
        because: the answers that decided it, each with the row's own value.
        short_of: of those that fail, how far off they are where that can be told, such as ``1 more of number of orders``.
        questions: those that decided it.
    """

    holds: bool | None
    because: tuple[str, ...]
    short_of: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()


def why(frame: pd.DataFrame, conditions: Judged) -> list[Why]:
    """Return for each row of a frame why it meets conditions, or why not.

    Args:
        frame: one row per thing that is judged, see `sql.outcomes`.
        conditions: what is asked; it is known to fit the frame.
    """
    asked = {f"question {n}": each for n, each in enumerate(conditions.questions(), start=1)}
    found = answers(frame, asked).astype(object)
    found = found.where(found.notna(), None)
    explained = []
    for row, answer in zip(frame.to_dict("records"), found.itertuples(index=False, name=None), strict=True):
        explained.append(_explain(conditions, row, iter(answer)))
    return explained


def _explain(condition: Judged, row: Mapping[Any, Any], found: Iterator[bool | None]) -> Why:
    """Explain a condition for one row; `found` gives the answers to its questions, in their order."""
    if isinstance(condition, Question):
        holds, value = next(found), row[condition.asked_column]
        distance = _short_of(condition, value) if holds is False else None
        return Why(holds, (_seen(condition, value, holds),), (distance,) if distance else (), (condition,))
    every = [_explain(each, row, found) for each in condition.all]
    some = [_explain(each, row, found) for each in condition.any]
    none = [_explain(each, row, found) for each in condition.none]
    none = [Why(None if each.holds is None else not each.holds, each.because, (), each.questions) for each in none]
    parts = [*every, *([_any(some)] if some else []), *none]
    return _all(parts)


def _all(parts: list[Why]) -> Why:
    """Join what must hold together: what fails decides, then what is open; if neither, everything."""
    for outcome in (False, None):
        if deciding := [part for part in parts if part.holds is outcome]:
            return _joined(outcome, deciding)
    return _joined(True, parts)


def _any(parts: list[Why]) -> Why:
    """Join that of which one must hold: what holds decides, then what is open; if neither, everything."""
    for outcome in (True, None):
        if deciding := [part for part in parts if part.holds is outcome]:
            return _joined(outcome, deciding)
    return _joined(False, parts)


def _joined(outcome: bool | None, parts: list[Why]) -> Why:
    return Why(
        outcome,
        tuple(words for part in parts for words in part.because),
        tuple(words for part in parts for words in part.short_of),
        tuple(question for part in parts for question in part.questions),
    )


def _seen(question: Question, value: Any, holds: bool | None) -> str:
    words = subject_in_words(question)
    if pd.isna(value):
        return f"{words} is unknown" if not _is_flag(question) else f"it is unknown whether it is {words}"
    if _is_flag(question):
        return words if value else _denied(question)
    asked = _asked(question)
    return f"{words} is {written(value)} ({asked if holds else f'not {asked}'})"


def _short_of(question: Question, value: Any) -> str | None:
    """Return how far a value is from what a question asks for: the difference to the nearest value that would do."""
    operator, operands = question.asked
    if pd.isna(value) or _is_flag(question) or operator not in (">=", ">", "<=", "<", "=", "between"):
        return None
    limit: Any = operands[0]
    if isinstance(limit, bool | str | DaysAgo) or isinstance(value, bool | str):
        return None
    if isinstance(limit, dt.date):
        days: list[Any] = [limit, value, operands[-1]]
        limit, value, upper = (int(day.toordinal()) for day in days)
        unit = " days"
    else:
        limit, value, upper = float(limit), float(value), float(operands[-1])  # ty: ignore[invalid-argument-type]
        unit = " days" if _counts_days(question) else ""
    missing = round((upper if operator == "between" and value > upper else limit) - value, 4)
    words = subject_in_words(question)
    if not missing:
        return f"{words}: just the limit, which is not enough"
    beyond = "more than " if operator in (">", "<") else ""
    difference = f"{beyond}{written(abs(missing))}"
    if isinstance(question, Measure) and question.measure == "count" and missing > 0:
        return f"needs {difference} more {_name(question.of)}{_which(question)}"
    return f"{words}: {difference}{unit if abs(missing) != 1 else unit.removesuffix('s')} too {'low' if missing > 0 else 'high'}"


def _counts_days(question: Question) -> bool:
    is_days_since = isinstance(question, Measure) and question.measure.startswith("days since")
    return is_days_since or question.asked_column.endswith("_days")


def _is_flag(question: Question) -> bool:
    return isinstance(question, Sequence | Top | Sample | Membership | LookAlikes | Allowed)


def _part(condition: Judged) -> str:
    return in_words(condition) if isinstance(condition, Question) else f"({in_words(cast('Conditions', condition))})"


def _name(name: str) -> str:
    return name.replace("_", " ")


def _asked(question: Question) -> str:
    operator, operands = question.asked
    values = [written(value) for value in operands]
    if operator == "in":
        return f"one of {', '.join(values)}"
    is_date = bool(values) and not isinstance(operands[0], bool | int | float | str)
    words = (_ASKED_OF_DATES if is_date else {}).get(operator, _ASKED[operator])
    return words.format(*values)


def written(value: Value | pd.Timestamp) -> str:
    """Return a value as a sentence has it; numbers in full, so that no rounding hides why a comparison failed."""
    match value:
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return f"{int(value):,}"
        case int() | float():
            return f"{value:,}"
        case pd.Timestamp():
            return f"{value:%Y-%m-%d}"
        case DaysAgo(days):
            side = "before" if days >= 0 else "after"
            return f"{abs(days)} days {side} the as-of date" if days else "the as-of date"
    return str(value)
