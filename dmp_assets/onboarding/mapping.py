"""How the rows of a source become those of a contract table: one declaration, filled by flags and presets; `scaffold` makes it SQL.

Columns are named as the source has them. Values are compared as text, without spaces around it and whatever its case.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_serializer, model_validator

from dmp_assets.platform.errors import UserError

LineType = Literal["sale", "return", "cancellation", "coupon", "fee", "adjustment", "void"]


def _text(value: Any) -> Any:
    """Return a value of a yml file as the text that a source has."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


Value = Annotated[str, BeforeValidator(_text)]
_Model = TypeVar("_Model", bound=BaseModel)


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Origin(_Declared):
    """Where the values of a field come from.

    In yml: a column's name, a list of columns, ``{all: [COLUMN, ...]}``, ``{date: COLUMN, time: COLUMN}``, ``{sum: COLUMN}`` or
    ``{value: CONSTANT}``.

    Attributes:
        columns: the first of them that has a value gives it.
        is_joined: whether the values of all of them make it, as where a receipt's number begins anew each day and till.
        is_summed: whether it is the sum of the column over an order's lines, as of shipping that stands beside each.
        time: column with the time of day, where the column has only the day.
        value: a constant instead.
    """

    columns: tuple[str, ...] = ()
    is_joined: bool = False
    is_summed: bool = False
    time: str | None = None
    value: Value | None = None

    @model_validator(mode="before")
    @classmethod
    def _in_short(cls, given: Any) -> Any:
        match given:
            case str():
                return {"columns": (given,)}
            case list() | tuple():
                return {"columns": tuple(given)}
            case {"all": list() as columns, **others}:
                return {"columns": tuple(columns), "is_joined": True, **others}
            case {"sum": column}:
                return {"columns": (column,), "is_summed": True}
            case {"date": date, **others}:
                return {"columns": (date,), **others}
        return given

    @model_validator(mode="after")
    def _is_one_thing(self) -> Origin:
        if bool(self.columns) == (self.value is not None):
            raise ValueError("a field has columns or a constant value, one of the two")
        if self.time and len(self.columns) != 1:
            raise ValueError("a time of day belongs to one column with the day")
        return self

    @model_serializer
    def _as_in_yml(self) -> Any:
        if self.value is not None:
            return {"value": self.value}
        time = {"time": self.time} if self.time else {}
        if self.is_joined:
            return {"all": list(self.columns), **time}
        if self.is_summed:
            return {"sum": self.columns[0]}
        if self.time:
            return {"date": self.columns[0], **time}
        return self.columns[0] if len(self.columns) == 1 else list(self.columns)

    @classmethod
    def said(cls, text: str, known: Collection[str]) -> Origin:
        """Return what a flag says: COLUMN, COLUMN|COLUMN (the first with a value), DAY+TIME or =CONSTANT.

        A column that is called so is meant as it is.
        """
        if text in known:
            return cls(columns=(text,))
        if text.startswith("=") and len(text) > 1:
            return cls(value=text[1:])
        day, _, time = text.partition("+")
        if time and day in known and time in known:
            return cls(columns=(day,), time=time)
        return cls(columns=tuple(each.strip() for each in text.split("|")))

    @property
    def used(self) -> tuple[str, ...]:
        """Every column that it reads."""
        return (*self.columns, *([self.time] if self.time else []))

    def __str__(self) -> str:
        """Return it in words."""
        if self.value is not None:
            return f"always {self.value!r}"
        if self.is_summed:
            return f"the sum of {self.columns[0]} over an order"
        return (" and " if self.time or self.is_joined else ", or else ").join(self.used)


class LineTypeRule(_Declared):
    """Which rows are lines of a type; in a list the first rule that holds decides.

    Attributes:
        column: whose values tell.
        values: those of the type.
        prefixes: what they begin with.
        pattern: a regular expression that is found in them; case counts.
        type: of the lines.
    """

    column: str
    values: tuple[Value, ...] = ()
    prefixes: tuple[Value, ...] = ()
    pattern: str | None = None
    type: LineType

    @model_validator(mode="after")
    def _tells(self) -> LineTypeRule:
        if not (self.values or self.prefixes or self.pattern):
            raise ValueError("a rule for a line type needs values, prefixes or a pattern")
        _check_pattern(self.pattern)
        return self

    @classmethod
    def said(cls, text: str) -> LineTypeRule:
        """Return what a flag says: COLUMN=VALUE[,VALUE...]:TYPE; a value that ends with * is the beginning of one.

        Raises:
            UserError: it is not of that form.
        """
        match = re.fullmatch(r"(.+?)=(.+):(\w+)", text, re.DOTALL)
        if not match:
            raise UserError(f"--line-type: {text!r} is not of the form COLUMN=VALUE[,VALUE...]:TYPE.")
        values = [each.strip() for each in match[2].split(",")]
        rule = {
            "column": match[1].strip(),
            "values": [each for each in values if not each.endswith("*")],
            "prefixes": [each[:-1] for each in values if each.endswith("*")],
            "type": match[3],
        }
        return validated(cls, rule, f"--line-type {text!r}")

    def __str__(self) -> str:
        """Return in words when it holds."""
        tells = [f"is {', '.join(self.values)}"] if self.values else []
        tells += [f"begins with {', '.join(self.prefixes)}"] if self.prefixes else []
        tells += [f"has the pattern {self.pattern}"] if self.pattern else []
        return f"if {self.column} {' or '.join(tells)}"


class RowFilter(_Declared):
    """Which rows are read: those with one of the values in a column, or all but those with one of the excluded ones.

    Attributes:
        column: whose values decide.
        values: null is no value at all.
        excluded: ``except`` in yml.
    """

    column: str
    values: tuple[Value | None, ...] = ()
    excluded: tuple[Value | None, ...] = Field(default=(), alias="except")

    @model_validator(mode="after")
    def _is_one_way(self) -> RowFilter:
        if bool(self.values) == bool(self.excluded):
            raise ValueError("a filter has values or, under except, those that are left out, one of the two")
        return self

    @classmethod
    def said(cls, text: str) -> RowFilter:
        """Return what a flag says: COLUMN=VALUE[,VALUE...], COLUMN!=VALUE[,VALUE...], COLUMN is null or COLUMN is not null.

        Raises:
            UserError: it is not of one of these forms.
        """
        if match := re.fullmatch(r"(.+?)\s+is\s+(not\s+)?null", text, re.IGNORECASE | re.DOTALL):
            name = "excluded" if match[2] else "values"
            return cls.model_validate({"column": match[1].strip(), name: (None,)})
        match = re.fullmatch(r"(.+?)(!?)=(.+)", text, re.DOTALL)
        if not match:
            raise UserError(
                f"--where: {text!r} is not of the form COLUMN=VALUE[,VALUE...], COLUMN!=VALUE[,VALUE...], 'COLUMN is null' or "
                "'COLUMN is not null'."
            )
        values = tuple(each.strip() for each in match[3].split(","))
        return cls.model_validate({"column": match[1].strip(), "excluded" if match[2] else "values": values})

    def __str__(self) -> str:
        """Return it in words."""
        values = " or ".join("null" if value is None else repr(value) for value in self.values or self.excluded)
        return f"{self.column} is {'not ' if self.excluded else ''}{values}"


class Join(_Declared):
    """A file of the source that has more about each row: its newest row with the same key.

    In yml: the column that both have, a list of them, or the name in the other file by the name here.

    Attributes:
        on: the joined file's column for each column of the row.
    """

    on: Mapping[str, str]

    @model_validator(mode="before")
    @classmethod
    def _in_short(cls, given: Any) -> Any:
        match given:
            case str():
                return {"on": {given: given}}
            case list():
                return {"on": {each: each for each in given}}
            case dict() if "on" not in given:
                return {"on": given}
        return given


class Returned(_Declared):
    """Columns that say how much of a line came back: they make a line of their own, a return.

    Attributes:
        quantity: how much.
        amount: what was paid back for it; without one, in proportion to the quantity.
        at: when; without one, when the line was sold.
    """

    quantity: str
    amount: str | None = None
    at: str | None = None


class TableMapping(_Declared):
    """How the rows of a source's file become those of a contract table.

    Attributes:
        also: other names of a column, in other versions of the file.
        file: which of the source's files has the rows; ``from`` in yml.
        join: other files of the source with more about them, by name; they are joined in this order.
        fields: where the values of each field come from.
        line_type: which rows are which kind of order line.
        where: which rows are read.
        fill_down: columns that stand on one row of an order only, and hold for all of its rows in that load.
        identifiers: kind of direct identifier by column.
        returned: columns that say how much of a line came back.
        minor_units: whether amounts are in the currency's smallest unit, such as cents.
        utc_times: whether times without an offset are UTC, not the wall time of the stores.
        whole_orders: whether a newer load of an order replaces all its lines.
        strip_zeros: whether zeros before an id tell nothing: 00123 is 123.
        nobody: customer ids that stand for nobody, besides the usual ones; none of them if it is empty, open if it is not said.
        namespace: what stands before its ids, if not the source's name.
        own_namespace: what stands before those that it shares with no other source, such as orders, since it was renamed.
        currency, time_zone, time_format: as the flags of these names.
        decimal_mark: of numbers that could be read in two ways.
    """

    also: dict[str, tuple[str, ...]] = {}
    file: str | None = Field(default=None, alias="from")
    join: dict[str, Join] = {}
    fields: dict[str, Origin] = {}
    line_type: tuple[LineTypeRule, ...] = ()
    where: tuple[RowFilter, ...] = ()
    fill_down: tuple[str, ...] = ()
    identifiers: dict[str, str] = {}
    returned: Returned | None = None
    minor_units: bool = False
    utc_times: bool = False
    whole_orders: bool = False
    strip_zeros: bool = False
    nobody: tuple[Value, ...] | None = None
    namespace: str | None = None
    own_namespace: str | None = None
    currency: str | None = None
    time_zone: str | None = None
    time_format: str | None = None
    decimal_mark: str | None = None

    def with_said(self, said: TableMapping) -> TableMapping:
        """Return it with what flags say: they add filters, columns to fill down and, before its own, rules for line types.

        A flag of yes or no that was said takes the place of its own.
        """
        flags = {"minor_units", "utc_times", "whole_orders", "strip_zeros"} & said.model_fields_set
        return self.model_copy(
            update={
                "line_type": tuple(dict.fromkeys(said.line_type + self.line_type)),
                "where": tuple(dict.fromkeys(self.where + said.where)),
                "fill_down": tuple(dict.fromkeys(self.fill_down + said.fill_down)),
                **{flag: getattr(said, flag) for flag in flags},
                "nobody": tuple(dict.fromkeys([*(self.nobody or ()), *said.nobody])) if said.nobody else self.nobody,
            }
        )

    def content(self) -> dict[str, Any]:
        """Return it as yml has it: what is not as usual."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"also"})

    @property
    def used(self) -> tuple[str, ...]:
        """Every column that it reads, each once."""
        columns = [column for origin in self.fields.values() for column in origin.used]
        columns += [rule.column for rule in (*self.line_type, *self.where)]
        columns += [each for each in self.returned.model_dump().values() if each] if self.returned else []
        return tuple(dict.fromkeys([*columns, *self.fill_down]))


def validated(model: type[_Model], given: Any, where: str) -> _Model:
    """Return what was given as a model.

    Raises:
        UserError: it is none; the message names the place and each wrong entry.
    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'entry'}: {each['msg'].removeprefix('Value error, ')}"
            for each in error.errors()
        )
        raise UserError(f"{where}: {wrong}.") from None


def _check_pattern(pattern: str | None) -> None:
    try:
        re.compile(pattern or "")
    except re.error as error:
        raise ValueError(f"the pattern {pattern!r} is no regular expression ({error})") from None
