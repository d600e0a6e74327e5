"""Conditions in words, and why a row meets them or not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dmp_assets.rules.conditions import Comparison, Conditions, DaysAgo, Value
from dmp_assets.rules.sql import outcomes

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
    "is null": "unknown",
    "is not null": "known",
}
_ASKED_OF_DATES = {">=": "on or after {}", ">": "after {}", "<=": "on or before {}", "<": "before {}"}


def in_words(condition: Comparison | Conditions) -> str:
    """Return what is asked, such as ``frequency is at least 10 and (region is A or region is B)``."""
    if isinstance(condition, Comparison):
        return f"{_column(condition)} is {_asked(condition)}"
    some = " or ".join(map(_part, condition.any))
    parts = [
        *map(_part, condition.all),
        *([f"({some})" if len(condition.any) > 1 and (condition.all or condition.none) else some] if some else []),
        *(f"not ({in_words(each)})" for each in condition.none),
    ]
    return " and ".join(parts)


@dataclass(frozen=True)
class Why:
    """Whether a row meets conditions, and what decided it.

    Attributes:
        holds: True, False, or None where an unknown value leaves it open; such a row is not taken.
        because: the comparisons that decided it, each with the row's own value.
    """

    holds: bool | None
    because: tuple[str, ...]


def why(frame: pd.DataFrame, conditions: Comparison | Conditions, name: str) -> list[Why]:
    """Return for each row of a frame why it meets conditions, or why not.

    Args:
        frame: one row per thing that is judged, see `sql.outcomes`.
        conditions: what is asked.
        name: what the conditions belong to, for messages.

    Raises:
        RuleError: as `conditions.check`.
    """
    asked = {f"{name}, comparison {n}": each for n, each in enumerate(conditions.comparisons(), start=1)}
    answers = outcomes(frame, asked).astype(object)
    answers = answers.where(answers.notna(), None)
    explained = []
    for row, answer in zip(frame.to_dict("records"), answers.itertuples(index=False, name=None), strict=True):
        found = iter(answer)
        explained.append(_explain(conditions, row, found))
    return explained


def _explain(condition: Comparison | Conditions, row: Mapping[Any, Any], answers: Iterator[bool | None]) -> Why:
    """Explain a condition for one row; `answers` gives those to its comparisons, in their order."""
    if isinstance(condition, Comparison):
        holds = next(answers)
        return Why(holds, (_seen(condition, row[condition.column], holds),))
    every = [_explain(each, row, answers) for each in condition.all]
    some = [_explain(each, row, answers) for each in condition.any]
    none = [_explain(each, row, answers) for each in condition.none]
    none = [Why(None if each.holds is None else not each.holds, each.because) for each in none]
    parts = [*every, *([_any(some)] if some else []), *none]
    return _all(parts)


def _all(parts: list[Why]) -> Why:
    """Join what must hold together: what fails decides, then what is open; if neither, everything."""
    for outcome in (False, None):
        if deciding := [part for part in parts if part.holds is outcome]:
            return Why(outcome, _because(deciding))
    return Why(True, _because(parts))


def _any(parts: list[Why]) -> Why:
    """Join that of which one must hold: what holds decides, then what is open; if neither, everything."""
    for outcome in (True, None):
        if deciding := [part for part in parts if part.holds is outcome]:
            return Why(outcome, _because(deciding))
    return Why(False, _because(parts))


def _because(parts: list[Why]) -> tuple[str, ...]:
    return tuple(words for part in parts for words in part.because)


def _seen(comparison: Comparison, value: Any, holds: bool | None) -> str:
    column = _column(comparison)
    if pd.isna(value):
        return f"{column} is unknown"
    asked = _asked(comparison)
    return f"{column} is {_written(value)} ({asked if holds else f'not {asked}'})"


def _part(condition: Comparison | Conditions) -> str:
    return in_words(condition) if isinstance(condition, Comparison) else f"({in_words(condition)})"


def _column(comparison: Comparison) -> str:
    return comparison.column.replace("_", " ")


def _asked(comparison: Comparison) -> str:
    values = [_written(value) for value in comparison.operands]
    if comparison.operator == "in":
        return f"one of {', '.join(values)}"
    is_date = bool(values) and not isinstance(comparison.operands[0], bool | int | float | str)
    words = (_ASKED_OF_DATES if is_date else {}).get(comparison.operator, _ASKED[comparison.operator])
    return words.format(*values)


def _written(value: Value | pd.Timestamp) -> str:
    """Return a value as a sentence has it; numbers in full, so that no rounding hides why a comparison failed."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"{value:,}"
        case pd.Timestamp():
            return f"{value:%Y-%m-%d}"
        case DaysAgo(days):
            side = "before" if days >= 0 else "after"
            return f"{abs(days)} days {side} the as-of date" if days else "the as-of date"
    return str(value)
