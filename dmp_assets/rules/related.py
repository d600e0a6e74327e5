"""The related rows of what is judged as relations of a query: which rows, what is measured of them, the first and last of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dmp_assets.rules.conditions import Measure, Question, Rows, Sequence
from dmp_assets.rules.sql import expression
from dmp_assets.rules.subject import Subject
from dmp_assets.rules.values import AS_OF

if TYPE_CHECKING:
    from sqlglot import exp

KEY, INSTANT = "key", "instant"


@dataclass
class RelatedRows:
    """The related tables that questions ask.

    Attributes:
        subject: what is judged.
        as_of_on: the as-of date; only rows before it are known.
        read: the columns of each related table that are asked.
        tables: the query's relations by name; those of the related tables are added to them.
    """

    subject: Subject
    as_of_on: dt.date
    read: Mapping[str, set[str]]
    tables: dict[str, exp.Expr]

    def rows(self, rows: Rows) -> exp.Select:
        """Return the related rows that are asked for, with ``key`` and ``instant`` beside their own columns."""
        from sqlglot import exp

        related = self.subject.related[rows.of]
        names = [exp.column(self.subject.key, quoted=True).as_(KEY)]
        if related.at:
            names.append(exp.column(related.at, quoted=True).as_(INSTANT))
        query = exp.select(*names, exp.Star()).from_(self.known(rows.of))
        condition = self.condition(rows)
        return query.where(condition) if condition is not None else query

    def steps(self, sequence: Sequence) -> list[exp.Select]:
        """Return the rows of each step; those that lie before all of the first step's decide nothing and are left out."""
        from sqlglot import exp

        first, *rest = sequence.sequence
        since = first.within.days(self.as_of_on)[0] if first.within else None
        found = [self.rows(first)]
        for step in rest:
            query, day = self.rows(step), self.subject.related[step.of].day
            if since is not None and day is not None:
                # Days are local, instants UTC: a day more is on the safe side.
                earliest = exp.convert(since - dt.timedelta(days=1))
                query = query.where(exp.GTE(this=exp.column(day, quoted=True), expression=earliest))
            found.append(query)
        return found

    def known(self, of: str) -> str:
        """Return the name of a related table: the columns that are asked, of the rows that are known by the as-of date."""
        from sqlglot import exp, parse_one

        name, related = f"known_{of}", self.subject.related[of]
        if name not in self.tables:
            columns = [self.subject.key, *filter(None, (related.day, related.at)), *sorted(self.read.get(of, ()))]
            query = parse_one(related.query(column for column in columns if column != AS_OF), dialect="duckdb")
            query = exp.select(exp.Star(), self._today().as_(AS_OF, quoted=True)).from_(
                exp.Subquery(this=query, alias=of)
            )
            query = query.where(exp.not_(exp.column(self.subject.key, quoted=True).is_(exp.null())))
            if related.day:
                query = query.where(exp.LT(this=exp.column(related.day, quoted=True), expression=self._today()))
            self.tables[name] = query
        return name

    def _today(self) -> exp.Expr:
        from sqlglot import exp

        return exp.convert(self.as_of_on)

    def condition(self, rows: Rows, *, is_chosen: bool = False) -> exp.Expr | None:
        """Return which rows of a related table are asked for, or of those that `where` chose already; None for all."""
        from sqlglot import exp

        parts = []
        if rows.within is not None:
            first, after = rows.within.days(self.as_of_on)
            day = exp.column(self.subject.related[rows.of].day or "", quoted=True)
            if first is not None:
                parts.append(exp.GTE(this=day, expression=exp.convert(first)))
            parts.append(exp.LT(this=day.copy(), expression=exp.convert(after)))
        if rows.where is not None and not is_chosen:
            parts.append(expression(rows.where))
        return exp.and_(*parts) if parts else None

    def aggregate(self, measure: Measure, *, is_chosen: bool) -> exp.Expr:
        """Return what is measured, over the rows of one key; `is_chosen`: they are those of its `where` already."""
        from sqlglot import exp

        column = exp.column(measure.column or self.subject.related[measure.of].day or "", quoted=True)
        match measure.measure:
            case "count":
                value: exp.Expr = exp.Count(this=exp.Star())
            case "count different":
                value = exp.Count(this=exp.Distinct(expressions=[column]))
            case "sum":
                value = exp.Sum(this=column)
            case "average":
                value = exp.Avg(this=column)
            case "lowest" | "days since last":
                value = exp.Min(this=column) if measure.measure == "lowest" else exp.Max(this=column)
            case _:
                value = exp.Max(this=column) if measure.measure == "highest" else exp.Min(this=column)
        condition = self.condition(measure, is_chosen=is_chosen)
        if condition is not None:
            value = exp.Filter(this=value, expression=exp.Where(this=condition))
        if measure.measure.startswith("days since"):
            value = exp.DateDiff(this=self._today(), expression=value, unit=exp.var("DAY"))
        return value

    def first_or_last(self, measure: Measure) -> exp.Select:
        """Return key and value of the first or last row that has one; of several at one instant the lowest or highest value."""
        from sqlglot import exp

        is_last = measure.measure == "last"
        column = exp.column(measure.column or "", quoted=True)
        order = [exp.Ordered(this=each, desc=is_last, nulls_first=False) for each in (exp.column(INSTANT), column)]
        number = exp.Window(this=exp.RowNumber(), partition_by=[exp.column(KEY)], order=exp.Order(expressions=order))
        known = exp.Subquery(this=self.rows(measure), alias="asked")
        ranked = exp.select(exp.column(KEY), column.copy().as_("value"), number.as_("place")).from_(known)
        ranked = ranked.where(exp.not_(column.copy().is_(exp.null())))
        first = exp.EQ(this=exp.column("place"), expression=exp.convert(1))
        return exp.select(exp.column(KEY), exp.column("value")).from_(ranked.subquery("ranked")).where(first)


def read_of_related(questions: Iterable[Question]) -> dict[str, set[str]]:
    """Return the columns of each related table that questions ask."""
    read: dict[str, set[str]] = {}
    for question in questions:
        rows = (
            question.sequence if isinstance(question, Sequence) else [question] if isinstance(question, Measure) else []
        )
        for each in rows:
            columns = read.setdefault(each.of, set())
            if isinstance(each, Measure) and each.column:
                columns.add(each.column)
            if each.where is not None:
                columns |= {question.asked_column for question in each.where.questions()}
    return read


def rows_behind(question: Question, subject: Subject, as_of_on: dt.date, key: str) -> Iterator[exp.Select]:
    """Yield the queries of the related rows that count for a question about one thing, the newest first; none for a column.

    Args:
        question: of a rule that is known to be right.
        subject: what is judged.
        as_of_on: the as-of date.
        key: of the thing.
    """
    from sqlglot import exp

    rows = question.sequence if isinstance(question, Sequence) else [question] if isinstance(question, Measure) else []
    for each in rows:
        related = subject.related[each.of]
        shown = [related.row, *filter(None, (related.day,)), *sorted(read_of_related([question])[each.of])]
        asked = RelatedRows(subject, as_of_on, {each.of: {column for column in shown if column != AS_OF}}, {})
        known = asked.known(each.of)
        query = exp.select(*(exp.column(name, quoted=True) for name in dict.fromkeys(shown))).from_(known)
        is_its = exp.EQ(this=exp.column(subject.key, quoted=True), expression=exp.convert(key))
        condition = asked.condition(each)
        query = query.where(is_its).where(condition) if condition is not None else query.where(is_its)
        newest = [
            exp.Ordered(this=exp.column(name, quoted=True), desc=True) for name in (related.day, related.row) if name
        ]
        yield query.order_by(*newest).with_(known, asked.tables[known])
