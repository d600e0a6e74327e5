"""Sequences of related rows as SQL: a chain of relations, one per step, each with the instants at which the steps so far are met.

A step that happened needs the one before it within its days. Of all earlier instants the latest decides, so one window function
per step is enough, whatever the number of rows: no row is joined with another.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

    from dmp_assets.rules.conditions import Sequence as Asked
    from dmp_assets.rules.conditions import Step

Relation = Callable[[Sequence[str]], "exp.Expr"]
"""Makes a step's relation (key, instant) from the names of those before it."""


def sequence_steps(asked: Asked, rows: Sequence[exp.Select], as_of_on: dt.date) -> list[Relation]:
    """Return how each step's relation is made.

    Args:
        asked: the sequence.
        rows: of each step, the rows that are asked for, with columns ``key`` and ``instant``.
        as_of_on: a missing step holds only if its days have passed by then.
    """
    from sqlglot import exp

    def first(_names: Sequence[str]) -> exp.Expr:
        return exp.select("key", "instant").distinct().from_(rows[0].subquery("step"))

    def following(number: int) -> Relation:
        def relation(names: Sequence[str]) -> exp.Expr:
            step = asked.sequence[number]
            make = _missing if step.missing else _happened
            return make(names[number - 1], rows[number], step, as_of_on)

        return relation

    return [first, *(following(number) for number in range(1, len(asked.sequence)))]


def _both(before: str, rows: exp.Select) -> exp.Expr:
    """Return the instants of the step before and of this step's rows, told apart by ``is_step``."""
    from sqlglot import exp

    steps = exp.select("key", "instant", exp.convert(1).as_("is_step")).from_(rows.subquery("step"))
    return exp.union(exp.select("key", "instant", exp.convert(0).as_("is_step")).from_(before), steps, distinct=False)


def _nearest(*, is_step: int, latest: bool) -> exp.Expr:
    """Return the latest earlier, or the earliest later, instant of one of the two; those of the same instant do not count."""
    from sqlglot import exp

    at = exp.case().when(exp.EQ(this=exp.column("is_step"), expression=exp.convert(is_step)), exp.column("instant"))
    order = exp.Order(
        expressions=[
            exp.Ordered(this=exp.column("instant"), desc=not latest, nulls_first=False),
            # What is looked for stands after what looks for it, where both are at one instant.
            exp.Ordered(this=exp.column("is_step"), desc=is_step == 0, nulls_first=False),
        ]
    )
    spec = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")
    value = exp.Max(this=at) if latest else exp.Min(this=at)
    return exp.Window(this=value, partition_by=[exp.column("key")], order=order, spec=spec)


def _later(days: float, at: str) -> exp.Expr:
    from sqlglot import exp

    return exp.TimestampAdd(this=exp.column(at), expression=exp.convert(round(days * 86_400)), unit=exp.var("SECOND"))


def _happened(before: str, rows: exp.Select, step: Step, _as_of_on: dt.date) -> exp.Expr:
    """Return the instants of a step's rows that come after the step before it, and within its days."""
    from sqlglot import exp

    both = exp.select("key", "instant", "is_step", _nearest(is_step=0, latest=True).as_("before_at"))
    both = both.from_(exp.Subquery(this=_both(before, rows), alias="instants"))
    found = exp.select("key", "instant").distinct().from_(both.subquery("placed")).where("is_step = 1")
    if step.within_days is None:
        return found.where(exp.not_(exp.column("before_at").is_(exp.null())))
    return found.where(exp.LTE(this=exp.column("instant"), expression=_later(step.within_days, "before_at")))


def _missing(before: str, rows: exp.Select, step: Step, as_of_on: dt.date) -> exp.Expr:
    """Return the instants at which it is sure that no such row came after the step before it, within its days."""
    from sqlglot import exp

    both = exp.select("key", "instant", "is_step", _nearest(is_step=1, latest=False).as_("next_at"))
    both = both.from_(exp.Subquery(this=_both(before, rows), alias="instants")).subquery("placed")
    none_came = exp.column("next_at").is_(exp.null())
    if step.within_days is None:
        return exp.select("key", "instant").distinct().from_(both).where("is_step = 0").where(none_came)
    end = _later(step.within_days, "instant")
    found = exp.select("key", end.as_("instant")).distinct().from_(both).where("is_step = 0")
    found = found.where(exp.or_(none_came, exp.GT(this=exp.column("next_at"), expression=end.copy())))
    today = exp.cast(exp.convert(as_of_on), "timestamp")
    return found.where(exp.LTE(this=end.copy(), expression=today))
