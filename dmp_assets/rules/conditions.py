"""The conditions of a rule file: comparisons of a column with a value, joined by all, any and none, to any depth."""

import datetime as dt
import difflib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import AfterValidator, Discriminator, Tag, model_validator

from dmp_assets.rules.files import Entry, RuleError, not_empty, printable

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
    "is null",
    "is not null",
]
_NULL: tuple[Operator, ...] = ("is null", "is not null")
_ORDERED: tuple[Operator, ...] = (">=", ">", "<=", "<", "=", "!=", "between", "in", *_NULL)
OPERATORS: dict[Kind, tuple[Operator, ...]] = {
    "number": _ORDERED,
    "date": _ORDERED,
    "text": ("=", "!=", "in", "contains", "starts with", "ends with", *_NULL),
    "flag": ("=", *_NULL),
}
"""What a column of each kind can be asked."""


@dataclass(frozen=True)
class DaysAgo:
    """A day counted back from the as-of date; after it where the number is negative. In a file ``{days_ago: 28}``."""

    days: int


Value = bool | int | float | str | dt.date | DaysAgo


def _operand(given: object) -> Value:
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


def _value(given: object) -> Value | tuple[Value, ...] | None:
    if isinstance(given, list | tuple):
        return tuple(map(_operand, given))
    return None if given is None else _operand(given)


class Comparison(Entry):
    """One question to a column."""

    column: str
    operator: Operator
    value: Annotated[Any, AfterValidator(_value)] = None

    @model_validator(mode="after")
    def _value_goes_with_operator(self) -> "Comparison":
        is_list = isinstance(self.value, tuple)
        if self.operator in _NULL:
            if self.value is not None:
                raise ValueError(f"the operator '{self.operator}' takes no value")
        elif self.operator == "in":
            if not is_list:
                raise ValueError("the operator 'in' takes a list of values")
            if not self.value:
                raise ValueError("the list of 'in' must not be empty")
        elif self.operator == "between":
            if not is_list or len(self.value) != 2:
                raise ValueError("the operator 'between' takes a list of two values, the lowest and the highest")
        elif is_list or self.value is None:
            raise ValueError(f"the operator '{self.operator}' takes a single value, and 'in' a list of values")
        return self

    @property
    def operands(self) -> tuple[Value, ...]:
        """Every single value that the column is compared with."""
        if self.value is None:
            return ()
        return self.value if isinstance(self.value, tuple) else (self.value,)

    def comparisons(self) -> Iterator["Comparison"]:
        """Yield this comparison; see `Conditions.comparisons`."""
        yield self


def _form(given: object) -> str:
    """Return which of the two forms of a condition something in a file is meant to be."""
    is_comparison = isinstance(given, Comparison) or not isinstance(given, Conditions | Mapping)
    return "<comparison>" if is_comparison or (isinstance(given, Mapping) and "column" in given) else "<conditions>"


Condition = Annotated[
    Annotated[Comparison, Tag("<comparison>")] | Annotated["Conditions", Tag("<conditions>")], Discriminator(_form)
]
_Conditions = Annotated[tuple[Condition, ...], AfterValidator(not_empty)]


class Conditions(Entry):
    """Conditions that hold together: every one of `all`, at least one of `any`, not one of `none`, as far as each is given.

    As in SQL, a comparison with an unknown value (null) neither holds nor fails, and a row is taken only if all holds for sure.
    """

    all: _Conditions = ()
    any: _Conditions = ()
    none: _Conditions = ()

    @model_validator(mode="after")
    def _asks_something(self) -> "Conditions":
        if not (self.all or self.any or self.none):
            raise ValueError("conditions are missing: give a column with an operator, or a list under all, any or none")
        return self

    def comparisons(self) -> Iterator[Comparison]:
        """Yield every comparison, in the order all, any, none."""
        for condition in (*self.all, *self.any, *self.none):
            yield from condition.comparisons()


def kinds_of(frame: pd.DataFrame) -> dict[str, Kind]:
    """Return the kind of each column of a frame."""
    return {str(name): _kind_of(dtype) for name, dtype in frame.dtypes.items()}


def _kind_of(dtype: Any) -> Kind:
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return "date"
    if pd.api.types.is_bool_dtype(dtype):
        return "flag"
    return "number" if pd.api.types.is_numeric_dtype(dtype) else "text"


def check(conditions: Comparison | Conditions, kinds: Mapping[str, Kind], name: str) -> None:
    """Hold conditions against the columns of a table.

    Raises:
        RuleError: if `mistakes` finds any; a line for each.
    """
    if problems := list(mistakes(conditions, kinds, name)):
        raise RuleError("\n".join(problems))


def mistakes(conditions: Comparison | Conditions, kinds: Mapping[str, Kind], name: str) -> Iterator[str]:
    """Yield where a column is unknown, or an operator or value does not fit the column's kind.

    Args:
        conditions: what is to be compiled.
        kinds: the columns that may be used, with their kinds.
        name: what the conditions belong to, such as ``rule 'overdue'``.
    """
    for comparison in conditions.comparisons():
        for words in _mistakes(comparison, kinds):
            yield comparison.problem(name, words)


def _mistakes(comparison: Comparison, kinds: Mapping[str, Kind]) -> Iterator[str]:
    column, operator = comparison.column, comparison.operator
    if column not in kinds:
        yield unknown_column(column, kinds)
        return
    kind = kinds[column]
    if operator not in OPERATORS[kind]:
        yield f"'{column}' is a {kind}, which takes {', '.join(OPERATORS[kind])} and not {operator}"
        return
    for value in comparison.operands:
        given = _kind_of_value(value)
        if given != kind:
            yield f"'{column}' is a {kind}, but the value {value!r} is a {given}"
        elif isinstance(value, DaysAgo) and AS_OF not in kinds:
            yield f"the table has no column {AS_OF} that days could be counted from"


def unknown_column(column: str, kinds: Mapping[str, Kind]) -> str:
    """Return in words that there is no such column, and which one may be meant."""
    near = difflib.get_close_matches(column, kinds, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else f"; known: {', '.join(sorted(kinds))}"
    return f"unknown column '{column}'{hint}"


def _kind_of_value(value: Value) -> Kind:
    match value:
        case bool():
            return "flag"
        case int() | float():
            return "number"
        case str():
            return "text"
    return "date"
