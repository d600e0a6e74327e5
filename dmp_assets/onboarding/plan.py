"""What is to be written for a source: the raw tables, and how their rows become those of a contract table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from dmp_assets.dbt.contract_tables import ContractTable, contract
from dmp_assets.onboarding.guess import FIELDS
from dmp_assets.onboarding.inspection import Column
from dmp_assets.onboarding.mapping import Origin, TableMapping
from dmp_assets.platform.errors import UserError
from dmp_assets.sources.declare import LoadRule

PACKAGED = ("complete_journey", "collector", "landing")
"""Sources that come with the platform."""

TELLS_OFFSET = ("offset", "epoch", "epoch_ms", "epoch_us")
"""Formats of times that need no time zone."""

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


@dataclass(frozen=True)
class RawTable:
    """A table of the raw layer: its name in the source, how it is loaded, its columns, and those that may hold identifiers."""

    name: str
    rule: LoadRule
    columns: tuple[Column, ...]
    undecided: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What is to be written for one contract table of a source.

    Attributes:
        source: the source's name.
        namespace: what stands before its customers and products.
        raw: the raw table whose rows are those of the contract table.
        declared: how they become that, with the names that columns have here; see `column_name`.
        time_formats, decimal_marks: by column, how it writes times and numbers.
        currency: ISO 4217 code of its amounts, if no column tells it.
        time_zone: IANA time zone of its wall times, where no column tells it.
        base_currency: which of the currencies that a column tells shall be the platform's, if the user says it.
        joined: other raw tables with more about the rows, by the name in `declared.join`.
        left_out: what of a preset has no column here, and what is called like a field and is none, in words.
    """

    source: str
    namespace: str
    raw: RawTable
    declared: TableMapping
    time_formats: Mapping[str, str]
    decimal_marks: Mapping[str, str]
    currency: str | None
    time_zone: str | None
    base_currency: str | None = None
    joined: Mapping[str, RawTable] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """Name of the raw table in the source."""
        return self.raw.name

    @property
    def rule(self) -> LoadRule:
        """How the raw table is loaded, with its contract table."""
        return self.raw.rule

    @property
    def mapping(self) -> Mapping[str, Origin]:
        """Where the values of each field come from."""
        return self.declared.fields

    @property
    def contract(self) -> str:
        """The contract table's name."""
        return self.rule.contract

    @property
    def contract_table(self) -> ContractTable:
        """The contract table."""
        return contract().tables[self.contract]

    @property
    def own_namespace(self) -> str:
        """What stands before its ids that no other source shares: of orders, lines, stores."""
        return self.declared.own_namespace or self.source

    @property
    def model(self) -> str:
        """Name of the staging model."""
        return f"stg_{self.source}__{self.contract}"

    @property
    def columns(self) -> dict[str, Column]:
        """Every column that the staging model can read, by the name that it has there."""
        return {
            column_name(file, column.name): column
            for file, table in {None: self.raw, **self.joined}.items()
            for column in table.columns
        }


def column_name(file: str | None, column: str) -> str:
    """Return what a column is called in a staging model: that of a joined file has the file's name before its own."""
    return f"{file}__{column}" if file else column


def check_name(source: str) -> None:
    """Stop if a name cannot be that of a user's source.

    Raises:
        UserError: it has other letters, or is that of a source that comes with the platform.
    """
    if not _NAME.fullmatch(source) or source in PACKAGED:
        raise UserError(
            f"The name {source!r} is not accepted for a source: use lower-case letters, digits and single _ ."
        )


def columns_of_kinds(contract: str, declared: TableMapping, *kinds: str) -> list[str]:
    """Return the columns with values of some kinds: those of fields, and of what came back."""
    columns = [
        column
        for name, origin in declared.fields.items()
        if FIELDS[contract][name].kind in kinds
        for column in origin.columns
    ]
    if declared.returned:
        own = {"quantity": declared.returned.quantity, "amount": declared.returned.amount, "time": declared.returned.at}
        columns += [column for kind, column in own.items() if column and kind in kinds]
    return list(dict.fromkeys(columns))
