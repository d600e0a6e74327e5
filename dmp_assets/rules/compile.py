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
    Sample,
    Sequence,
    Top,
)
from dmp_assets.rules.related import KEY, RelatedRows, read_of_related
from dmp_assets.rules.sequences import sequence_steps
from dmp_assets.rules.sql import expression
from dmp_assets.rules.subject import Subject
from dmp_assets.rules.values import AS_OF
from dmp_assets.rules.words import subject_in_words

if TYPE_CHECKING:
    from sqlglot import exp

NO_ALIKE: Mapping[str, str] = MappingProxyType({})


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

    def compiled(self, rules: Mapping[str, Conditions], wanted: list[str]) -> Compiled:
        """Return rules, those that are asked about first, as a query with the answers to the wanted ones."""
        from sqlglot import exp

        distinct: dict[str, Question] = {}
        for rule in rules.values():
            for question in rule.questions():
                distinct.setdefault(question.asked_column, question)
        self.related = RelatedRows(self.subject, self.as_of_on, read_of_related(distinct.values()), self.tables)
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
                self._add(question, self.related.first_or_last(question))
            case Sequence():
                steps = sequence_steps(question, self.related.steps(question), self.as_of_on)
                *before, last = (f"{self._name('sequence')}_step_{n}" for n in range(1, len(steps) + 1))
                for name, step in zip([*before, last], steps, strict=True):
                    self.tables[name] = step(before)
                found = exp.select(exp.column(KEY), exp.true().as_("value")).distinct().from_(last)
                self._add(question, found, exp.false())
            case Top():
                self._add(question, self._place(question))
            case Sample():
                self._alias(question, self._drawn(question), "judged")
            case LookAlikes():
                columns = exp.column(self.subject.key, quoted=True).as_(KEY), exp.column("is_alike").as_("value")
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

        known = self.related.known(of)
        name = f"measured_{of}" if shared is None else self._name(f"measured_{of}")
        key = exp.column(self.subject.key, quoted=True)
        values = []
        for number, measure in enumerate(measures, start=1):
            column = exp.column(f"value_{number}", table=name)
            is_zero = measure.measure in ("count", "count different", "sum")
            self._alias(measure, exp.Coalesce(this=column, expressions=[exp.convert(0)]) if is_zero else column, name)
            values.append(self.related.aggregate(measure, is_chosen=shared is not None).as_(f"value_{number}"))
        query = exp.select(key.as_(KEY), *values).from_(known)
        if shared is not None:
            query = query.where(expression(shared))
        self.tables[name] = query.group_by(key.copy())

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
        query = exp.select(key.copy().as_(KEY), exp.LT(this=above, expression=limit).as_("value")).from_("judged")
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
        query = exp.select(key.as_(KEY), is_allowed.as_("value")).from_(source)
        for name, value in (("purpose", question.allowed), ("channel", question.channel)):
            query = query.where(exp.EQ(this=exp.column(name, quoted=True), expression=exp.convert(value)))
        return query

    def _levels(self, rules: Mapping[str, Conditions], answers: Mapping[str, str]) -> str:
        """Add all that is asked side by side, then the rules by level; return the last relation's name."""
        from sqlglot import exp

        query = exp.select("judged.*", *(value for _, value in self.sources.values())).from_("judged")
        for name in dict.fromkeys(relation for relation, _ in self.sources.values() if relation != "judged"):
            on = exp.EQ(
                this=exp.column(self.subject.key, table="judged", quoted=True), expression=exp.column(KEY, table=name)
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
