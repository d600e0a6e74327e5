"""Conditions as SQL: built from sqlglot's expressions, so that no text of a file is ever taken for SQL, in any dialect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from dmp_assets.rules.conditions import AS_OF, Comparison, Conditions, DaysAgo, Kind, Value, check, kinds_of

if TYPE_CHECKING:
    from sqlglot import exp


def where(conditions: Comparison | Conditions, kinds: Mapping[str, Kind], name: str, *, dialect: str) -> str:
    """Return conditions as the SQL that stands behind ``where``.

    Args:
        conditions: what a row must meet.
        kinds: the columns of the table, with their kinds.
        name: what the conditions belong to, such as ``rule 'overdue'``, for messages.
        dialect: what sqlglot calls the SQL, such as ``duckdb`` or ``spark``.

    Raises:
        RuleError: as `conditions.check`.
    """
    check(conditions, kinds, name)
    return _expression(conditions).sql(dialect=dialect)


def outcomes(frame: pd.DataFrame, conditions: Mapping[str, Comparison | Conditions]) -> pd.DataFrame:
    """Return for each row of a frame whether it meets each of several conditions.

    Args:
        frame: one row per thing that is judged; columns of dates are datetime64, of flags bool or boolean.
        conditions: what is asked, by the name of what it belongs to, such as ``rule 'overdue'``.

    Returns:
        A boolean column per name, and the rows of `frame` under its index; missing where an unknown value leaves it open.

    Raises:
        RuleError: as `conditions.check`.
    """
    import duckdb
    import pyarrow as pa
    from sqlglot import exp

    kinds = kinds_of(frame)
    for name, each in conditions.items():
        check(each, kinds, name)
    if not conditions:
        return pd.DataFrame(index=frame.index)
    read = {comparison.column for each in conditions.values() for comparison in each.comparisons()}
    rows = {
        # DuckDB would take the type of text from its first value, and without one for a number.
        column: pa.array(frame[column].astype("string") if kinds[column] == "text" else frame[column], from_pandas=True)
        for column in frame.columns
        if column in read or column == AS_OF
    }
    answers = [_expression(each).as_(f"answer_{number}") for number, each in enumerate(conditions.values())]
    with duckdb.connect() as connection:  # which keeps the rows in their order
        connection.register("judged", pa.table(rows))
        found = connection.execute(exp.select(*answers).from_("judged").sql(dialect="duckdb")).df()
    return found.astype("boolean").set_axis(list(conditions), axis="columns").set_axis(frame.index)


def _expression(condition: Comparison | Conditions) -> exp.Expr:
    from sqlglot import exp

    if isinstance(condition, Comparison):
        return _comparison(condition)
    parts = [
        *(_expression(each) for each in condition.all),
        *([exp.or_(*(_expression(each) for each in condition.any))] if condition.any else []),
        *(exp.not_(_expression(each)) for each in condition.none),
    ]
    return exp.and_(*parts)


def _comparison(comparison: Comparison) -> exp.Expr:
    from sqlglot import exp

    column = exp.column(comparison.column, quoted=True)
    values = [_literal(value) for value in comparison.operands]
    match comparison.operator:
        case "is null":
            return column.is_(exp.null())
        case "is not null":
            return exp.not_(column.is_(exp.null()))
        case "in":
            return exp.In(this=column, expressions=values)
        case "between":
            return exp.Between(this=column, low=values[0], high=values[1])
    forms = {
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
    return forms[comparison.operator](this=column, expression=values[0])


def _literal(value: Value) -> exp.Expr:
    from sqlglot import exp

    if isinstance(value, DaysAgo):
        day = exp.cast(exp.column(AS_OF, quoted=True), "date")
        return exp.DateSub(this=day, expression=exp.convert(value.days), unit=exp.var("DAY"))
    return exp.convert(value)
