"""Which columns of a user's table hold direct identifiers: told by their names, by the user, or asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dmp_assets.onboarding.guess import guess_identifiers
from dmp_assets.onboarding.inspection import Column
from dmp_assets.onboarding.questions import Ask, Question, chosen
from dmp_assets.platform.errors import UserError
from dmp_assets.privacy.words import NONE, Words, kinds

_FEWEST_CUSTOMERS = 10
_NEARLY = 0.1
"""How much the number of a column's values may differ from that of the customers who have one, if each has one of their own."""


def identifiers_of(
    columns: Mapping[str, Column], contract: str, customer: Sequence[str], said: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Return the kind of identifier of columns, and those columns that may hold one although their name does not tell.

    Args:
        columns: as they were found.
        contract: the contract table that they map to.
        customer: the column that names the customer; empty if there is none.
        said: the kind by column, as the user or a preset said; `NONE` for one that holds none.

    Raises:
        UserError: there is no such column or kind.
    """
    for column, kind in said.items():
        if column not in columns:
            raise UserError(f"--identifier: there is no column {column}; there are {', '.join(columns)}.")
        if kind not in (*kinds(), NONE):
            raise UserError(
                f"--identifier: {kind} is no kind of identifier; there are {', '.join(kinds())}, and {NONE} for a column without."
            )
    told = guess_identifiers([name for name, column in columns.items() if not column.is_flag], contract) | dict(said)
    return told, [column for column in _nearly_unique(columns, customer) if column not in told]


def asked_kinds(columns: Mapping[str, Column], ask: Ask | None) -> dict[str, str]:
    """Return the kind of identifier of columns by the user's word; nothing if nobody can be asked."""
    if ask is None:
        return {}
    return {
        name: chosen(
            None,
            [*kinds(), NONE],
            Question(
                f"{name} ({', '.join(column.examples)}) differs from customer to customer. Which direct identifier is it, if any?",
                f"--identifier {name}=KIND",
            ),
            ask,
        )
        for name, column in columns.items()
    }


def _nearly_unique(columns: Mapping[str, Column], customer: Sequence[str]) -> list[str]:
    """Return the columns of text that have about as many values as there are customers with one: names, addresses of people."""
    customers = columns[customer[0]].distinct if customer else 0
    return [
        name
        for name, column in columns.items()
        if min(customers, column.filled) >= _FEWEST_CUSTOMERS
        and name not in customer
        and (column.data_type, column.guess) == ("VARCHAR", "text")
        and (1 - _NEARLY) * min(customers, column.filled) <= column.distinct <= (1 + _NEARLY) * customers
        and not Words().read(name).is_technical
    ]
