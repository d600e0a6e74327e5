"""What rules judge: one row per thing, such as a customer, with its columns and the rows that are related to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from dmp_assets.platform.warehouse import quoted
from dmp_assets.rules.conditions import Conditions
from dmp_assets.rules.values import Kind, kind_of_dtype


@dataclass(frozen=True)
class Column:
    """What can be asked.

    Attributes:
        kind: what it holds.
        sql: the expression that it is in the relation, in DuckDB's SQL.
        joined: whether it needs the relation that `Related.join` adds.
    """

    kind: Kind
    sql: str = ""
    joined: bool = False


@dataclass(frozen=True)
class Related:
    """Rows that belong to what is judged, such as a customer's orders.

    Attributes:
        source: where they come from, in DuckDB's SQL, from ``from`` on without ``where``.
        columns: what can be asked.
        row: the column that tells the rows apart.
        day: the column with the date by which rows are known and windows are counted; None where all are of the present.
        at: the column with the instant by which rows follow each other; None where they have no order.
        condition: which rows of the source, in DuckDB's SQL.
        join: what is added to the source for columns that are `Column.joined`.
    """

    source: str
    columns: Mapping[str, Column]
    row: str
    day: str | None = None
    at: str | None = None
    condition: str = "true"
    join: str = ""

    def query(self, columns: Iterable[str]) -> str:
        """Return the query of these columns."""
        wanted = dict.fromkeys(columns)
        selected = ", ".join(f"{self.columns[name].sql} as {quoted(name)}" for name in wanted)
        joined = f" {self.join}" if any(self.columns[name].joined for name in wanted) else ""
        return f"select {selected} {self.source}{joined} where {self.condition}"


@dataclass(frozen=True)
class Subject:
    """What is judged, and all that a condition may ask of it.

    Attributes:
        key: the column that tells them apart.
        columns: what can be asked.
        source: where they come from, in DuckDB's SQL, from ``from`` on; one row per thing.
        related: the related rows, by the name that a condition knows them by.
        permissions: a query: `key`, purpose, channel, is_allowed; '' where nothing is permitted or refused.
        permitted: the channels of each purpose.
        vectors: a query: `key` and embedding (list of floats), to find look-alikes; '' where there are none.
        rules: the rules that membership can be asked of, by name.
    """

    key: str
    columns: Mapping[str, Column]
    source: str = ""
    related: Mapping[str, Related] = field(default_factory=dict)
    permissions: str = ""
    permitted: Mapping[str, Sequence[str]] = field(default_factory=dict)
    vectors: str = ""
    rules: Mapping[str, Conditions] = field(default_factory=dict)

    def query(self, columns: Iterable[str]) -> str:
        """Return the query of these columns, one row per thing."""
        selected = ", ".join(f"{self.columns[name].sql} as {quoted(name)}" for name in dict.fromkeys(columns))
        return f"select {selected} {self.source}"


def subject_of(frame: pd.DataFrame) -> Subject:
    """Return the rows of a frame as what is judged: by their columns only."""
    return Subject("", {str(name): Column(kind_of_dtype(dtype)) for name, dtype in frame.dtypes.items()})
