"""Conditions held against what they judge: unknown names, questions that do not fit a column, circles among rules."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping

from dmp_assets.rules.conditions import (
    Allowed,
    Comparison,
    Conditions,
    LookAlikes,
    Measure,
    Membership,
    Question,
    Rows,
    Sequence,
    Top,
)
from dmp_assets.rules.files import Entry, RuleError
from dmp_assets.rules.subject import Column, Related, Subject
from dmp_assets.rules.values import AS_OF, OPERATORS, DaysAgo, Kind, kind_of_value

Judged = Question | Conditions

_OF_NUMBERS = ("sum", "average")
_KIND_OF_COLUMN = ("lowest", "highest", "first", "last")


def check(conditions: Judged, subject: Subject, name: str) -> None:
    """Hold conditions against what they judge.

    Raises:
        RuleError: if `mistakes` finds any; a line for each.
    """
    if problems := list(mistakes(conditions, subject, name)):
        raise RuleError("\n".join(problems))


def mistakes(conditions: Judged, subject: Subject, name: str) -> Iterator[str]:
    """Yield where a name is unknown, or an operator or value does not fit what is asked.

    Args:
        conditions: what is to be compiled.
        subject: what may be asked.
        name: what the conditions belong to, such as ``rule 'overdue'``.
    """
    for question in conditions.questions():
        for place, words in _mistakes(question, subject):
            yield place.problem(name, words)


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Return in words that there is no such thing, and which one may be meant."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else f"; known: {', '.join(known) or 'none'}"
    return f"unknown {what} '{name}'{hint}"


def unknown_column(column: str, kinds: Iterable[str]) -> str:
    """Return in words that there is no such column, and which one may be meant."""
    return unknown("column", column, kinds)


def references(conditions: Judged) -> set[str]:
    """Return the other rules that conditions ask about, by name."""
    names = set()
    for question in conditions.questions():
        if isinstance(question, Membership):
            names.add(question.audience)
        elif isinstance(question, LookAlikes):
            names.add(question.look_alikes_of)
    return names


def circle(name: str, rules: Mapping[str, Conditions]) -> list[str]:
    """Return the way on which a rule comes back to itself, from and to its own name; [] if it does not."""
    ways, seen = [[name]], set()
    while ways:
        way = ways.pop()
        for reference in sorted(references(rules[way[-1]])):
            if reference == name:
                return [*way, name]
            if reference in rules and reference not in seen:
                seen.add(reference)
                ways.append([*way, reference])
    return []


def kind_of(question: Question, subject: Subject) -> Kind:
    """Return the kind of what a question asks; the names in it are known."""
    match question:
        case Comparison():
            return subject.columns[question.column].kind
        case Measure() if question.measure in _KIND_OF_COLUMN:
            return subject.related[question.of].columns[question.column or ""].kind
        case Measure():
            return "number"
    return "flag"


def _mistakes(question: Question, subject: Subject) -> Iterator[tuple[Entry, str]]:
    before = list(_unknown_names(question, subject))
    yield from before
    if not before:
        for words in _misfits(question, kind_of(question, subject), _called(question), AS_OF in subject.columns):
            yield question, words


def _unknown_names(question: Question, subject: Subject) -> Iterator[tuple[Entry, str]]:
    match question:
        case Measure():
            yield from _of_measure(question, subject)
        case Sequence():
            for step in question.sequence:
                yield from _of_rows(step, subject)
                if step.of in subject.related and subject.related[step.of].at is None:
                    yield step, f"'{step.of}' have no order in time, so they cannot be steps of a sequence"
        case _:
            yield from ((question, words) for words in _unknown_words(question, subject))


def _unknown_words(question: Question, subject: Subject) -> Iterator[str]:
    """Yield which names are unknown in a question about no related rows."""
    match question:
        case Comparison() if question.column not in subject.columns:
            yield unknown_column(question.column, subject.columns)
        case Top() if question.by not in subject.columns:
            yield unknown_column(question.by, subject.columns)
        case Top() if (kind := subject.columns[question.by].kind) not in ("number", "date"):
            yield f"'{question.by}' is a {kind}, of which none is the highest"
        case Membership() if question.audience not in subject.rules:
            yield unknown("audience", question.audience, subject.rules)
        case LookAlikes() if not subject.vectors:
            yield "look-alikes can only be asked of customers, by an audience, once there are profiles.customer_embeddings"
        case LookAlikes() if question.look_alikes_of not in subject.rules:
            yield unknown("audience", question.look_alikes_of, subject.rules)
        case Allowed() if question.allowed not in subject.permitted:
            yield unknown("purpose", question.allowed, subject.permitted)
        case Allowed() if question.channel not in subject.permitted[question.allowed]:
            yield unknown("channel", question.channel, subject.permitted[question.allowed])


def _of_measure(question: Measure, subject: Subject) -> Iterator[tuple[Entry, str]]:
    yield from _of_rows(question, subject)
    related = subject.related.get(question.of)
    if related is None:
        return
    if question.column is not None:
        yield from ((question, words) for words in _column_of_rows(question, related))
    if related.day is None and question.measure.startswith("days since"):
        yield question, f"'{question.of}' have no days, so there are no days since any of them"
    if related.at is None and question.measure in ("first", "last"):
        yield question, f"'{question.of}' have no order in time, so none is the {question.measure}"


def _of_rows(rows: Rows, subject: Subject) -> Iterator[tuple[Entry, str]]:
    """Yield what is wrong with the table, the window and the conditions of related rows."""
    related = subject.related.get(rows.of)
    if related is None:
        yield rows, unknown("table", rows.of, subject.related)
        return
    if rows.within and related.day is None:
        yield rows, f"'{rows.of}' are of the present and have no days: leave within out"
    if rows.where is not None:
        inner = Subject("", {**related.columns, AS_OF: Column("date")})
        for question in rows.where.questions():
            if isinstance(question, Comparison):
                yield from _mistakes(question, inner)
            else:
                yield question, f"under where, only columns of {rows.of} can be asked"


def _column_of_rows(measure: Measure, related: Related) -> Iterator[str]:
    column = measure.column or ""
    if column not in related.columns:
        yield unknown_column(column, related.columns)
    elif measure.measure in _OF_NUMBERS and (kind := related.columns[column].kind) != "number":
        yield f"'{column}' is a {kind}, of which there is no {measure.measure}"


def _called(question: Question) -> str:
    return question.measure if isinstance(question, Measure) else question.asked_column


def _misfits(question: Question, kind: Kind, called: str, has_as_of: bool) -> Iterator[str]:
    operator, values = question.asked
    if operator not in OPERATORS[kind]:
        yield f"'{called}' is a {kind}, which takes {', '.join(OPERATORS[kind])} and not {operator}"
        return
    is_relative = operator == "anniversary within"
    for value in values:
        given = kind_of_value(value)
        if given != kind and not is_relative:
            yield f"'{called}' is a {kind}, but the value {value!r} is a {given}"
        elif (is_relative or isinstance(value, DaysAgo)) and not has_as_of:
            yield f"the table has no column {AS_OF} that days could be counted from"
