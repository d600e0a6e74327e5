"""The conditions of a rule file: questions joined by all, any and none, to any depth.

Every question asks one column. `Comparison` asks one that the judged table has; the others ask one that is computed for them: a
count or sum over related rows (`Measure`), whether things happened in an order (`Sequence`), a place among all (`Top`), a sample, a
permission, membership of another rule or likeness to it.
"""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, cast

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from dmp_assets.rules.files import Entry, Text, not_empty
from dmp_assets.rules.values import OLDER_WORDS, UNARY, Operator, Value, operands

Name = Annotated[Text, Field(min_length=1)]
_Operator = Annotated[
    Operator, BeforeValidator(lambda given: OLDER_WORDS.get(given, given) if isinstance(given, str) else given)
]
_Value = Annotated[Any, AfterValidator(operands)]


class Question(Entry):
    """One question to one column of what is judged."""

    @property
    def asked_column(self) -> str:
        """The column that is asked; what has to be computed is named by what it says, so that the same is computed once."""
        told = self.model_dump(mode="json", by_alias=True, exclude={"operator", "value"}, exclude_defaults=True)
        return json.dumps(told, sort_keys=True, default=str, ensure_ascii=False)

    @property
    def asked(self) -> tuple[Operator, tuple[Value, ...]]:
        """The operator and every single value that the column is compared with."""
        return "=", (True,)

    def questions(self) -> Iterator["Question"]:
        """Yield this question; see `Conditions.questions`."""
        yield self


class _Compared(Question):
    """A question with an operator and a value of its own."""

    operator: _Operator
    value: _Value = None

    @model_validator(mode="after")
    def _value_goes_with_operator(self) -> "_Compared":
        is_list = isinstance(self.value, tuple)
        if self.operator in UNARY:
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
        elif self.operator == "anniversary within":
            if isinstance(self.value, bool) or not isinstance(self.value, int) or not 1 <= self.value <= 366:
                raise ValueError("the operator 'anniversary within' takes a number of days, from 1 to 366")
        elif is_list or self.value is None:
            raise ValueError(f"the operator '{self.operator}' takes a single value, and 'in' a list of values")
        return self

    @property
    def asked(self) -> tuple[Operator, tuple[Value, ...]]:
        """The operator and every single value that the column is compared with."""
        values = () if self.value is None else self.value if isinstance(self.value, tuple) else (self.value,)
        return self.operator, values


class Comparison(_Compared):
    """A question to a column that the judged table has."""

    column: str

    @property
    def asked_column(self) -> str:
        """The column that is asked."""
        return self.column


Period = Literal["day", "week", "month", "quarter", "year"]


class Window(Entry):
    """A stretch of whole days in one of its forms; every form ends before the as-of date, since nothing later is known.

    `last_days`: so many days before the as-of date. `this`: the period that has the as-of date in it, as far as it is known.
    `previous`: the whole period before that one; weeks begin on Monday. `from` and `to`: days of the calendar, both included.
    """

    last_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    this: Period | None = None
    previous: Period | None = None
    from_: Annotated[dt.date | None, Field(alias="from")] = None
    to: dt.date | None = None

    @model_validator(mode="after")
    def _has_one_form(self) -> "Window":
        forms = [self.last_days, self.this, self.previous, self.from_ or self.to]
        if sum(form is not None for form in forms) != 1:
            raise ValueError("give one of last_days, this, previous, or from and to")
        if self.from_ and self.to and self.from_ > self.to:
            raise ValueError(f"the window ends on {self.to}, before it begins on {self.from_}")
        return self

    def days(self, as_of_on: dt.date) -> tuple[dt.date | None, dt.date]:
        """Return the first day (None: from the beginning) and the day after the last one."""
        if self.last_days is not None:
            return as_of_on - dt.timedelta(days=self.last_days), as_of_on
        if self.this is not None:
            return _start(as_of_on, self.this), as_of_on
        if self.previous is not None:
            end = _start(as_of_on, self.previous)
            return _start(end - dt.timedelta(days=1), self.previous), end
        after = self.to + dt.timedelta(days=1) if self.to else as_of_on
        return self.from_, min(after, as_of_on)


def _start(day: dt.date, period: Period) -> dt.date:
    """Return the first day of the period that a day is in."""
    match period:
        case "day":
            return day
        case "week":
            return day - dt.timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=day.month - (day.month - 1) % 3, day=1)
        case "year":
            return day.replace(month=1, day=1)


class Rows(Entry):
    """Rows of a related table: which table, which of its rows, and of which time."""

    of: Name
    where: Annotated["Condition | None", Field(default=None)]
    within: Window | None = None


class Measure(Rows, _Compared):
    """A number over a customer's related rows, or a value of the first or last of them.

    Without such a row counts and sums are 0, and all else is unknown.
    """

    NEEDS_COLUMN: ClassVar = ("sum", "average", "lowest", "highest", "count different", "first", "last")

    measure: Literal[
        "count",
        "count different",
        "sum",
        "average",
        "lowest",
        "highest",
        "first",
        "last",
        "days since first",
        "days since last",
    ]
    column: Name | None = None

    @model_validator(mode="after")
    def _names_its_column(self) -> "Measure":
        if self.measure in self.NEEDS_COLUMN and self.column is None:
            raise ValueError(f"'{self.measure}' needs the column that it is taken of: add column")
        if self.measure not in self.NEEDS_COLUMN and self.column is not None:
            raise ValueError(f"'{self.measure}' is taken of no column: leave column out")
        return self


class Step(Rows):
    """A step of a sequence: such a row, or none (`missing`), after the step before it and at most so many days after it."""

    missing: bool = False
    within_days: Annotated[float, Field(gt=0, le=36_500)] | None = None


class Sequence(Question):
    """Things that happened, or did not, in this order. Each comes after the one before it, never at the same instant.

    A missing step holds once its days have passed without such a row; without `within_days` it ends the sequence and holds as
    long as there is none.
    """

    sequence: Annotated[tuple[Step, ...], AfterValidator(not_empty)]

    @model_validator(mode="after")
    def _can_be_told(self) -> "Sequence":
        first, *rest = self.sequence
        if not rest:
            raise ValueError("a sequence has at least two steps; ask for one thing with measure: count")
        if first.missing or first.within_days is not None:
            raise ValueError("the first step of a sequence is something that happened: without missing and within_days")
        if any(step.missing and step.within_days is None for step in self.sequence[:-1]):
            raise ValueError("a missing step that others follow needs within_days")
        return self


Percent = Annotated[float, Field(gt=0, le=100)]


class Top(Question):
    """Being among the highest or lowest so many per cent of those for whom a column is known; ties go to the lower id."""

    top_percent: Percent | None = None
    bottom_percent: Percent | None = None
    by: Name

    @model_validator(mode="after")
    def _has_one_end(self) -> "Top":
        if (self.top_percent is None) == (self.bottom_percent is None):
            raise ValueError("give one of top_percent and bottom_percent")
        return self


class Sample(Question):
    """Being in a sample of so many per cent, the same on every run.

    In it is whose md5 of ``salt:id`` begins with eight hexadecimal digits below that share of 2 to the power of 32, so that anyone
    can recompute it; another salt draws another sample.
    """

    sample_percent: Percent
    salt: Name


class Membership(Question):
    """Meeting the rule of another audience, whatever is permitted there."""

    audience: Name


class LookAlikes(Question):
    """Not meeting the rule of an audience, and being among the so many per cent of all others who resemble its members most."""

    look_alikes_of: Name
    top_percent: Percent


class Allowed(Question):
    """Being allowed to be reached: what the permission of a purpose and channel says."""

    allowed: Name
    channel: Name = "any"


_FORMS = {
    "measure": "measure",
    "sequence": "sequence",
    "look_alikes_of": "look_alikes_of",
    "top_percent": "top",
    "bottom_percent": "top",
    "sample_percent": "sample",
    "audience": "audience",
    "allowed": "allowed",
    "column": "comparison",
}
_CLASSES = {
    Measure: "measure",
    Sequence: "sequence",
    LookAlikes: "look_alikes_of",
    Top: "top",
    Sample: "sample",
    Membership: "audience",
    Allowed: "allowed",
    Comparison: "comparison",
}


def _form(given: object) -> str:
    """Return which form of a condition something in a file is meant to be."""
    if isinstance(given, Question):
        form = _CLASSES[cast("Any", type(given))]
    elif isinstance(given, Conditions):
        form = "conditions"
    elif isinstance(given, Mapping):
        form = next((_FORMS[key] for key in _FORMS if key in given), "conditions")
    else:
        form = "comparison"
    return f"<{form}>"


Condition = Annotated[
    Annotated[Comparison, Tag("<comparison>")]
    | Annotated[Measure, Tag("<measure>")]
    | Annotated[Sequence, Tag("<sequence>")]
    | Annotated[Top, Tag("<top>")]
    | Annotated[Sample, Tag("<sample>")]
    | Annotated[Membership, Tag("<audience>")]
    | Annotated[LookAlikes, Tag("<look_alikes_of>")]
    | Annotated[Allowed, Tag("<allowed>")]
    | Annotated["Conditions", Tag("<conditions>")],
    Discriminator(_form),
]
_Conditions = Annotated[tuple[Condition, ...], AfterValidator(not_empty)]


class Conditions(Entry):
    """Conditions that hold together: every one of `all`, at least one of `any`, not one of `none`, as far as each is given.

    As in SQL, a question about an unknown value (null) neither holds nor fails, and neither does its denial; a row is taken only if
    all holds for sure.
    """

    all: _Conditions = ()
    any: _Conditions = ()
    none: _Conditions = ()

    @model_validator(mode="after")
    def _asks_something(self) -> "Conditions":
        if not (self.all or self.any or self.none):
            raise ValueError("conditions are missing: give a column with an operator, or a list under all, any or none")
        return self

    def questions(self) -> Iterator[Question]:
        """Yield every question, in the order all, any, none."""
        for condition in (*self.all, *self.any, *self.none):
            yield from condition.questions()


for _model in (Rows, Measure, Step, Sequence, Conditions):
    _model.model_rebuild()
