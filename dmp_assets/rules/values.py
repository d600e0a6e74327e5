"""What a condition compares with: numbers, texts, flags and dates, and days counted back from the as-of date."""

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from dmp_assets.rules.files import printable

AS_OF = "as_of_on"
"""The column that dates relative to the as-of date are counted from."""

Kind = Literal["number", "text", "flag", "date"]
Operator = Literal[
    "=",
    "!=",
    ">=",
    ">",
    "<=",
    "<",
    "between",
    "in",
    "contains",
    "starts with",
    "ends with",
    "anniversary within",
    "is known",
    "is unknown",
]
UNARY: tuple[Operator, ...] = ("is known", "is unknown")
OLDER_WORDS = {"is null": "is unknown", "is not null": "is known"}
"""How operators were written before; files that still do are read."""
_ORDERED: tuple[Operator, ...] = (">=", ">", "<=", "<", "=", "!=", "between", "in", *UNARY)
OPERATORS: dict[Kind, tuple[Operator, ...]] = {
    "number": _ORDERED,
    "date": (*_ORDERED, "anniversary within"),
    "text": ("=", "!=", "in", "contains", "starts with", "ends with", *UNARY),
    "flag": ("=", *UNARY),
}
"""What a column of each kind can be asked."""


@dataclass(frozen=True)
class DaysAgo:
    """A day counted back from the as-of date; after it where the number is negative. In a file ``{days_ago: 28}``."""

    days: int


Value = bool | int | float | str | dt.date | DaysAgo


def operand(given: object) -> Value:
    """Return a value of a file in Python's own types; raises ValueError for what no column can be compared with."""
    match given:
        case bool() | DaysAgo():
            value = given
        case int():
            value = int(given)
        case float() if math.isfinite(given):
            value = float(given)
        case str():
            value = printable(str(given))
        case dt.date() if not isinstance(given, dt.datetime):
            value = given
        case {"days_ago": int(days)} if len(given) == 1 and not isinstance(days, bool):
            value = DaysAgo(int(days))
        case _:
            raise ValueError("give a number, a text, true or false, a date such as 2018-01-31, or {days_ago: 28}")
    return value


def operands(given: object) -> Value | tuple[Value, ...] | None:
    """Return what stands beside an operator: a value, a list of values, or nothing; raises ValueError as `operand`."""
    if isinstance(given, list | tuple):
        return tuple(map(operand, given))
    return None if given is None else operand(given)


def kind_of_value(value: Value) -> Kind:
    """Return the kind of column that a value can be compared with."""
    match value:
        case bool():
            return "flag"
        case int() | float():
            return "number"
        case str():
            return "text"
    return "date"


def kind_of_dtype(dtype: Any) -> Kind:
    """Return the kind of a column of a frame."""
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return "date"
    if pd.api.types.is_bool_dtype(dtype):
        return "flag"
    return "number" if pd.api.types.is_numeric_dtype(dtype) else "text"


def kind_of_type(sql_type: str) -> Kind:
    """Return the kind of a column of a table, by its SQL type."""
    name = sql_type.split("(", maxsplit=1)[0].strip().upper()
    if name == "DATE" or name.startswith("TIMESTAMP"):
        return "date"
    if name == "BOOLEAN":
        return "flag"
    is_number = name.endswith("INT") or name in {"INTEGER", "DECIMAL", "DOUBLE", "FLOAT", "REAL", "HUGEINT"}
    return "number" if is_number else "text"
