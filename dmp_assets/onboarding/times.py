"""How a source's columns write times: in one column or two, in a format that is known, or asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from dmp_assets.onboarding.inspection import Column
from dmp_assets.onboarding.mapping import Origin
from dmp_assets.onboarding.questions import Ask, Question, chosen

_TIME_OF_DAY = re.compile(r"[ 0-2]?\d:[0-5]\d(:[0-5]\d)?( ?[AaPp][Mm])?")


def times_of_day(columns: Iterable[Column]) -> list[str]:
    """Return the columns that have a time of day and no day."""
    return [each.name for each in columns if each.examples and all(map(_TIME_OF_DAY.fullmatch, each.examples))]


def with_time_of_day(guessed: Mapping[str, str], columns: Mapping[str, Column]) -> Origin:
    """Return the column of the day, and with it that of the time of day where there is just one."""
    day = guessed["ordered_at"]
    formats = columns[day].time_formats
    is_day = formats == ("iso",) or all("%H" not in each and "%I" not in each for each in formats)
    times = [name for name in times_of_day(columns.values()) if name not in guessed.values()]
    has_times = any(":" in example for example in columns[day].examples)
    return Origin(columns=(day,), time=times[0] if is_day and not has_times and len(times) == 1 else None)


def time_format(column: Column, said: str | None, ask: Ask | None) -> str:
    """Return how a column writes times: as was said, as its values tell, or as is asked for.

    Raises:
        UserError: it is open and nobody can be asked.
    """
    examples = ", ".join(column.examples)
    if said:
        return said
    if column.guess == "empty":
        return "iso"
    if not column.time_formats:
        question = Question(
            f"How does {column.name} write times ({examples})? As strptime has it, such as %d.%m.%Y %H:%M.",
            "--time-format",
        )
        return chosen(None, (), question, ask)
    question = Question(f"{column.name} ({examples}) can be read in several ways. Which is right?", "--time-format")
    return chosen(only(column.time_formats), list(column.time_formats), question, ask)


def with_time(day_format: str, time: Column) -> str:
    """Return the format of a day with the time of day of another column behind it."""
    has_seconds = any(example.count(":") == 2 for example in time.examples)
    is_half = any(example[-1:] in "mM" for example in time.examples)
    if day_format.startswith("iso") and not is_half:
        return day_format
    day = "%Y-%m-%d" if day_format.startswith("iso") else day_format.partition(" %H")[0].partition(" %I")[0]
    clock = f"{'%I' if is_half else '%H'}:%M{':%S' if has_seconds else ''}"
    gap = "" if is_half and not any(" " in example.strip() for example in time.examples) else " "
    return f"{day} {clock}{f'{gap}%p' if is_half else ''}"


def only(choices: Sequence[str]) -> str | None:
    """Return the one choice; None where there are several or none."""
    return choices[0] if len(choices) == 1 else None
