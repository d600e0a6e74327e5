"""Conditions as SQL: built from sqlglot's expressions, so that no text of a file is ever taken for SQL, in any dialect."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from dmp_assets.rules.check import Judged, check
from dmp_assets.rules.conditions import Question
from dmp_assets.rules.subject import Subject, subject_of
from dmp_assets.rules.values import AS_OF, DaysAgo, Operator, Value

if TYPE_CHECKING:
    from sqlglot import exp

NO_NAMES: Mapping[str, str] = MappingProxyType({})


def where(conditions: Judged, subject: Subject, name: str, *, dialect: str) -> str:
    """Return conditions on columns as the SQL that stands behind ``where``.

    Args:
        conditions: what a row must meet.
        subject: the columns of the table, with their kinds.
        name: what the conditions belong to, such as ``rule 'overdue'``, for messages.
        dialect: what sqlglot calls the SQL, such as ``duckdb`` or ``spark``.

    Raises:
        RuleError: as `check.check`.
    """
    check(conditions, subject, name)
    return expression(conditions).sql(dialect=dialect)


def outcomes(frame: pd.DataFrame, conditions: Mapping[str, Judged]) -> pd.DataFrame:
    """Return for each row of a frame whether it meets each of several conditions.

    Args:
        frame: one row per thing that is judged; columns of dates are datetime64, of flags bool or boolean. What a question asks
            beside columns of the frame itself stands in a column of the question's `asked_column`.
        conditions: what is asked, by the name of what it belongs to, such as ``rule 'overdue'``.

    Returns:
        A boolean column per name, and the rows of `frame` under its index; missing where an unknown value leaves it open.

    Raises:
        RuleError: as `check.check`.
    """
    subject = subject_of(frame)
    for name, each in conditions.items():
        check(each, subject, name)
    return answers(frame, conditions)


def answers(frame: pd.DataFrame, conditions: Mapping[str, Judged]) -> pd.DataFrame:
    """Return the same as `outcomes` for conditions that are known to fit the frame."""
    import duckdb
    import pyarrow as pa
    from sqlglot import exp

    if not conditions:
        return pd.DataFrame(index=frame.index)
    kinds = subject_of(frame).columns
    read = {question.asked_column for each in conditions.values() for question in each.questions()}
    rows = {
        # DuckDB would take the type of text from its first value, and without one for a number.
        column: pa.array(
            frame[column].astype("string") if kinds[column].kind == "text" else frame[column], from_pandas=True
        )
        for column in frame.columns
        if column in read or column == AS_OF
    }
    selected = [expression(each).as_(f"answer_{number}") for number, each in enumerate(conditions.values())]
    with duckdb.connect() as connection:  # which keeps the rows in their order
        connection.register("judged", pa.table(rows))
        found = connection.execute(exp.select(*selected).from_("judged").sql(dialect="duckdb")).df()
    return found.astype("boolean").set_axis(list(conditions), axis="columns").set_axis(frame.index)


def expression(condition: Judged, names: Mapping[str, str] = NO_NAMES) -> exp.Expr:
    """Return conditions as an expression.

    Args:
        condition: what a row must meet.
        names: what the columns are called that questions ask, where that is not their `asked_column`.
    """
    from sqlglot import exp

    if isinstance(condition, Question):
        return _question(condition, names)
    parts = [
        *(expression(each, names) for each in condition.all),
        *([exp.or_(*(expression(each, names) for each in condition.any))] if condition.any else []),
        *(exp.not_(expression(each, names)) for each in condition.none),
    ]
    return exp.and_(*parts)


def _question(question: Question, names: Mapping[str, str]) -> exp.Expr:
    from sqlglot import exp

    operator, operands = question.asked
    column = exp.column(names.get(question.asked_column, question.asked_column), quoted=True)
    if operator == "anniversary within":
        return _anniversary(column, operands[0])
    values = [_literal(value) for value in operands]
    match operator:
        case "is unknown":
            return column.is_(exp.null())
        case "is known":
            return exp.not_(column.is_(exp.null()))
        case "in":
            return exp.In(this=column, expressions=values)
        case "between":
            return exp.Between(this=column, low=values[0], high=values[1])
    forms: Mapping[Operator, type[exp.Expression]] = {
        "=": exp.EQ,
        "!=": exp.NEQ,
        ">=": exp.GTE,
        ">": exp.GT,
        "<=": exp.LTE,
        "<": exp.LT,
        "contains": exp.Contains,
        "starts with": exp.StartsWith,
        "ends with": exp.EndsWith,
    }
    return forms[operator](this=column, expression=values[0])


def _anniversary(column: exp.Expr, days: Value) -> exp.Expr:
    """Return whether an anniversary of a date lies within so many days from the as-of date, that day included.

    One of 29 February is on 28 February in years without it.
    """
    from sqlglot import exp

    today = _today()
    years = exp.Sub(this=exp.Year(this=today), expression=exp.Year(this=column))
    end = exp.DateAdd(this=today, expression=exp.convert(days), unit=exp.var("DAY"))
    candidates = []
    for more in (0, 1):
        count = exp.paren(exp.Add(this=years.copy(), expression=exp.convert(more)))
        months = exp.Mul(this=count, expression=exp.convert(12))
        day = exp.cast(exp.AddMonths(this=column.copy(), expression=months), "date")
        is_within = exp.and_(exp.GTE(this=day, expression=today.copy()), exp.LT(this=day.copy(), expression=end.copy()))
        candidates.append(exp.and_(exp.GTE(this=count.copy(), expression=exp.convert(1)), is_within))
    return exp.paren(exp.or_(*candidates))


def _today() -> exp.Expr:
    from sqlglot import exp

    return exp.cast(exp.column(AS_OF, quoted=True), "date")


def _literal(value: Value) -> exp.Expr:
    from sqlglot import exp

    if isinstance(value, DaysAgo):
        return exp.DateSub(this=_today(), expression=exp.convert(value.days), unit=exp.var("DAY"))
    return exp.convert(value)
