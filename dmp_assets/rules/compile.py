"""Rules as one query: what has to be computed for their questions, each thing once, and the answer to every rule.

The query is a chain of common table expressions that an analyst can read: the subject's columns (``judged``), what is measured of
each related table, first and last values, sequences, places, permissions; all of it side by side (``asked``); then the rules by
level, those that ask for membership after those that they ask about.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from types import MappingProxyType
from typing import TYPE_CHECKING

from dmp_assets.rules.check import Judged, references
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
    Top,
)
from dmp_assets.rules.sequences import sequence_steps
from dmp_assets.rules.sql import expression
from dmp_assets.rules.subject import Subject
from dmp_assets.rules.values import AS_OF
from dmp_assets.rules.words import subject_in_words

if TYPE_CHECKING:
    from sqlglot import exp

NO_ALIKE: Mapping[str, str] = MappingProxyType({})
_AT, _KEY = "instant", "key"


def with_references(names: Iterable[str], subject: Subject) -> list[str]:
    """Return rules with all that they ask about, those that are asked about first; all names are known and run in no circle."""
    graph: dict[str, set[str]] = {}
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in graph:
            graph[name] = references(subject.rules[name])
            todo.extend(graph[name])
    order = TopologicalSorter({name: sorted(graph[name]) for name in sorted(graph)})
    return list(order.static_order())


@dataclass
class Compiled:
    """Rules as a query.

    Attributes:
        query: one row per thing, sorted by its key: the key, the columns that are asked, and a column per rule.
        columns: what each asked column is called in the query, by the question's `asked_column`.
        answers: what each rule's column is called, by the rule's name.
    """

    query: exp.Select
    columns: Mapping[str, str]
    answers: Mapping[str, str]

    def sql(self, dialect: str = "duckdb") -> str:
        """Return the query as text."""
        return self.query.sql(dialect=dialect, pretty=True)


def compile_rules(
    names: Iterable[str], subject: Subject, as_of_on: dt.date, alike: Mapping[str, str] = NO_ALIKE
) -> Compiled:
    """Return rules of a subject as a query.

    Args:
        names: of the rules, see `Subject.rules`; they and what they ask about are known to be right.
        subject: what is judged.
        as_of_on: the as-of date; only rows before it count.
        alike: by the `asked_column` of a question for look-alikes the relation that answers it: the key and ``is_alike``.
    """
    rules = {name: subject.rules[name] for name in with_references(names, subject)}
    return _Compiler(subject, as_of_on, alike).compiled(rules, list(names))


@dataclass
class _Compiler:
    subject: Subject
    as_of_on: dt.date
    alike: Mapping[str, str]
    tables: dict[str, exp.Expr] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    """What each asked column is called, by `asked_column`."""
    sources: dict[str, tuple[str, exp.Expr]] = field(default_factory=dict)
    """For each computed column the relation that has it, and the expression over all of them."""
    read: Mapping[str, set[str]] = field(default_factory=dict)
    """The columns of each related table that are asked."""

    def compiled(self, rules: Mapping[str, Conditions], wanted: list[str]) -> Compiled:
        """Return rules, those that are asked about first, as a query with the answers to the wanted ones."""
        from sqlglot import exp

        distinct: dict[str, Question] = {}
        for rule in rules.values():
            for question in rule.questions():
                distinct.setdefault(question.asked_column, question)
        self.read = read_of_related(distinct.values())
        self._judged(distinct.values())
        self._measures([question for question in distinct.values() if isinstance(question, Measure)])
        for asked, question in distinct.items():
            self._computed(asked, question)
        answers = {name: f"is in {name}" for name in rules}
        for asked, question in distinct.items():
            if isinstance(question, Membership):
                self.columns[asked] = answers[question.audience]
        last = self._levels(rules, answers)
        shown = dict.fromkeys(
            self.columns.get(asked, asked) for asked in distinct if not isinstance(distinct[asked], Membership)
        )
        memberships = [self.columns[asked] for asked in distinct if isinstance(distinct[asked], Membership)]
        dated = [AS_OF] if AS_OF in self.subject.columns else []
        selected = dict.fromkeys([*dated, *shown, *memberships, *(answers[name] for name in wanted)])
        query = exp.select(
            exp.column(self.subject.key, quoted=True), *(exp.column(name, quoted=True) for name in selected)
        )
        query = query.from_(last).order_by(exp.column(self.subject.key, quoted=True))
        for name, table in self.tables.items():
            query = query.with_(name, table, copy=False)
        return Compiled(query, self.columns, {name: answers[name] for name in wanted})

    def _judged(self, questions: Iterable[Question]) -> None:
        """Take of the subject only the columns that are asked."""
        from sqlglot import parse_one

        read = {AS_OF} & self.subject.columns.keys()
        for question in questions:
            if isinstance(question, Top):
                read.add(question.by)
            elif question.asked_column in self.subject.columns:
                read.add(question.asked_column)
        self.tables["judged"] = parse_one(self.subject.query([self.subject.key, *sorted(read)]), dialect="duckdb")

    def _computed(self, asked: str, question: Question) -> None:
        """Add the relation that answers a question which no column of the subject answers."""
        from sqlglot import exp

        match question:
            case Measure() if question.measure in ("first", "last"):
                self._add(question, self._first_or_last(question))
            case Sequence():
                steps = sequence_steps(question, [self._rows(step) for step in question.sequence], self.as_of_on)
                *before, last = (f"{self._name('sequence')}_step_{n}" for n in range(1, len(steps) + 1))
                for name, step in zip([*before, last], steps, strict=True):
                    self.tables[name] = step(before)
                found = exp.select(exp.column(_KEY), exp.true().as_("value")).distinct().from_(last)
                self._add(question, found, exp.false())
            case Top():
                self._add(question, self._place(question))
            case Sample():
                self._alias(question, self._drawn(question), "judged")
            case LookAlikes():
                columns = exp.column(self.subject.key, quoted=True).as_(_KEY), exp.column("is_alike").as_("value")
                self._add(question, exp.select(*columns).from_(exp.to_table(self.alike[asked])))
            case Allowed():
                self._add(question, self._permission(question), exp.false())

    def _name(self, prefix: str) -> str:
        """Return a name for a relation that no other has."""
        number = 1
        while any(name == f"{prefix}_{number}" or name.startswith(f"{prefix}_{number}_") for name in self.tables):
            number += 1
        return f"{prefix}_{number}"

    def _alias(self, question: Question, value: exp.Expr, relation: str) -> None:
        """Call what a question asks by its words, and keep where it is computed."""
        words = subject_in_words(question)
        known = set(self.columns.values()) | set(self.subject.columns) | {self.subject.key}
        name, number = words, 2
        while name in known:
            name, number = f"{words} ({number})", number + 1
        self.columns[question.asked_column] = name
        self.sources[question.asked_column] = (relation, value.as_(name, quoted=True))

    def _add(self, question: Question, relation: exp.Expr, otherwise: exp.Expr | None = None) -> None:
        """Add a relation of key and value for a question; `otherwise` is the value where it has no row."""
        from sqlglot import exp

        name = self._name(type(question).__name__.lower())
        self.tables[name] = relation
        value = exp.column("value", table=name)
        self._alias(
            question, exp.Coalesce(this=value, expressions=[otherwise]) if otherwise is not None else value, name
        )

    def _rows(self, rows: Rows) -> exp.Select:
        """Return the related rows that are asked for, with ``key`` and ``instant`` beside their own columns."""
        from sqlglot import exp

        related = self.subject.related[rows.of]
        names = [exp.column(self.subject.key, quoted=True).as_(_KEY)]
        if related.at:
            names.append(exp.column(related.at, quoted=True).as_(_AT))
        query = exp.select(*names, exp.Star()).from_(self._related(rows.of))
        condition = self._condition(rows)
        return query.where(condition) if condition is not None else query

    def _related(self, of: str) -> str:
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

    def _condition(self, rows: Rows, *, is_chosen: bool = False) -> exp.Expr | None:
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

    def _measures(self, measures: list[Measure]) -> None:
        """Add what is measured of each related table: one pass over it, and one for each choice of rows that several share.

        A pass that keeps only the rows of one choice has less to do than one that asks every row for every choice: of two hundred
        audiences over 15 million events, a third of the time.
        """
        chosen: dict[tuple[str, str], list[Measure]] = {}
        for measure in measures:
            if measure.measure not in ("first", "last"):
                where = measure.where.model_dump_json(by_alias=True) if measure.where is not None else ""
                chosen.setdefault((measure.of, where), []).append(measure)
        passes: dict[tuple[str, str], list[Measure]] = {}
        for (of, where), asked in chosen.items():
            is_shared = bool(where) and len(asked) > 1
            passes.setdefault((of, where if is_shared else ""), []).extend(asked)
        for (of, where), asked in passes.items():
            self._pass(of, asked, asked[0].where if where else None)

    def _pass(self, of: str, measures: list[Measure], shared: Judged | None) -> None:
        """Add one pass over a related table, or over those of its rows that all its measures are about."""
        from sqlglot import exp

        related = self._related(of)
        name = f"measured_{of}" if shared is None else self._name(f"measured_{of}")
        key = exp.column(self.subject.key, quoted=True)
        values = []
        for number, measure in enumerate(measures, start=1):
            column = exp.column(f"value_{number}", table=name)
            is_zero = measure.measure in ("count", "count different", "sum")
            self._alias(measure, exp.Coalesce(this=column, expressions=[exp.convert(0)]) if is_zero else column, name)
            values.append(self._aggregate(measure, is_chosen=shared is not None).as_(f"value_{number}"))
        query = exp.select(key.as_(_KEY), *values).from_(related)
        if shared is not None:
            query = query.where(expression(shared))
        self.tables[name] = query.group_by(key.copy())

    def _aggregate(self, measure: Measure, *, is_chosen: bool) -> exp.Expr:
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
        condition = self._condition(measure, is_chosen=is_chosen)
        if condition is not None:
            value = exp.Filter(this=value, expression=exp.Where(this=condition))
        if measure.measure.startswith("days since"):
            value = exp.DateDiff(this=self._today(), expression=value, unit=exp.var("DAY"))
        return value

    def _first_or_last(self, measure: Measure) -> exp.Select:
        """Return key and value of the first or last row that has one; of several at one instant the lowest or highest value."""
        from sqlglot import exp

        is_last = measure.measure == "last"
        column = exp.column(measure.column or "", quoted=True)
        order = [exp.Ordered(this=each, desc=is_last, nulls_first=False) for each in (exp.column(_AT), column)]
        number = exp.Window(this=exp.RowNumber(), partition_by=[exp.column(_KEY)], order=exp.Order(expressions=order))
        known = exp.Subquery(this=self._rows(measure), alias="asked")
        ranked = exp.select(exp.column(_KEY), column.copy().as_("value"), number.as_("place")).from_(known)
        ranked = ranked.where(exp.not_(column.copy().is_(exp.null())))
        first = exp.EQ(this=exp.column("place"), expression=exp.convert(1))
        return exp.select(exp.column(_KEY), exp.column("value")).from_(ranked.subquery("ranked")).where(first)

    def _place(self, top: Top) -> exp.Select:
        """Return key and whether the place is among the first so many per cent of those for whom the column is known."""
        from sqlglot import exp

        column, key = exp.column(top.by, quoted=True), exp.column(self.subject.key, quoted=True)
        is_top = top.top_percent is not None
        percent = top.top_percent if is_top else top.bottom_percent
        order = exp.Order(
            expressions=[
                exp.Ordered(this=column, desc=is_top, nulls_first=False),
                exp.Ordered(this=key, nulls_first=False),
            ]
        )
        place = exp.Window(this=exp.RowNumber(), order=order)
        above = exp.Mul(this=exp.paren(exp.Sub(this=place, expression=exp.convert(1))), expression=exp.convert(100))
        limit = exp.Mul(this=exp.convert(percent), expression=exp.Window(this=exp.Count(this=exp.Star())))
        query = exp.select(key.copy().as_(_KEY), exp.LT(this=above, expression=limit).as_("value")).from_("judged")
        return query.where(exp.not_(column.copy().is_(exp.null())))

    def _drawn(self, sample: Sample) -> exp.Expr:
        from sqlglot import exp

        key = exp.cast(exp.column(self.subject.key, table="judged", quoted=True), "varchar")
        digits = exp.Substring(
            this=exp.MD5(this=exp.DPipe(this=exp.convert(f"{sample.salt}:"), expression=key)),
            start=exp.convert(1),
            length=exp.convert(8),
        )
        limit = sample_limit(sample.sample_percent)
        return exp.LT(this=digits, expression=exp.convert(limit)) if limit else exp.true()

    def _permission(self, question: Allowed) -> exp.Select:
        from sqlglot import exp, parse_one

        source = exp.Subquery(this=parse_one(self.subject.permissions, dialect="duckdb"), alias="permissions")
        key, is_allowed = exp.column(self.subject.key, quoted=True), exp.column("is_allowed", quoted=True)
        query = exp.select(key.as_(_KEY), is_allowed.as_("value")).from_(source)
        for name, value in (("purpose", question.allowed), ("channel", question.channel)):
            query = query.where(exp.EQ(this=exp.column(name, quoted=True), expression=exp.convert(value)))
        return query

    def _levels(self, rules: Mapping[str, Conditions], answers: Mapping[str, str]) -> str:
        """Add all that is asked side by side, then the rules by level; return the last relation's name."""
        from sqlglot import exp

        query = exp.select("judged.*", *(value for _, value in self.sources.values())).from_("judged")
        for name in dict.fromkeys(relation for relation, _ in self.sources.values() if relation != "judged"):
            on = exp.EQ(
                this=exp.column(self.subject.key, table="judged", quoted=True), expression=exp.column(_KEY, table=name)
            )
            query = query.join(exp.to_table(name), on=on, join_type="left")
        self.tables["asked"] = query
        last, levels = "asked", dict[str, int]()
        for name in rules:
            levels[name] = 1 + max((levels[reference] for reference in references(rules[name])), default=0)
        for level in sorted(set(levels.values())):
            values = [
                expression(rules[name], self.columns).as_(answers[name], quoted=True)
                for name in rules
                if levels[name] == level
            ]
            self.tables[f"rules_{level}"] = exp.select(exp.Star(), *values).from_(last)
            last = f"rules_{level}"
        return last


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
        compiler = _Compiler(subject, as_of_on, NO_ALIKE)
        shown = [related.row, *filter(None, (related.day,)), *sorted(read_of_related([question])[each.of])]
        compiler.read = {each.of: {column for column in shown if column != AS_OF}}
        known = compiler._related(each.of)
        query = exp.select(*(exp.column(name, quoted=True) for name in dict.fromkeys(shown))).from_(known)
        is_its = exp.EQ(this=exp.column(subject.key, quoted=True), expression=exp.convert(key))
        condition = compiler._condition(each)
        query = query.where(is_its).where(condition) if condition is not None else query.where(is_its)
        newest = [
            exp.Ordered(this=exp.column(name, quoted=True), desc=True) for name in (related.day, related.row) if name
        ]
        yield query.order_by(*newest).with_(known, compiler.tables[known])


def sample_limit(percent: float) -> str:
    """Return the eight hexadecimal digits below which a sample's hashes begin; '' where everybody is in it."""
    limit = round(percent / 100 * 2**32)
    return f"{limit:08x}" if limit < 2**32 else ""


def referenced_look_alikes(names: Iterable[str], subject: Subject) -> Iterator[LookAlikes]:
    """Yield the questions for look-alikes in rules and in those that they ask about, each once."""
    seen = set()
    for name in with_references(names, subject):
        for question in subject.rules[name].questions():
            if isinstance(question, LookAlikes) and question.asked_column not in seen:
                seen.add(question.asked_column)
                yield question
