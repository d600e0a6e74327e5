"""Everything about one customer, and why, as facts: what ``dmp customer`` prints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.permissions import PERMISSIONS
from dmp_assets.platform.sections import CustomerSection, FactGroup


@dataclass(frozen=True)
class CustomerFacts:
    """All that is known about one customer as of a date, None if nothing was ever ordered; groups without a fact are left out."""

    customer_id: str
    as_of_on: date | None
    groups: Sequence[FactGroup]


def read_customer(
    sections: Iterable[CustomerSection], connection: duckdb.DuckDBPyConnection, customer_id: str
) -> CustomerFacts:
    """Return what is known of a customer.

    Args:
        sections: what the domains know of single customers, in any order.
        connection: a connection to the warehouse.
        customer_id: the customer, or any identifier that is theirs now.

    Raises:
        UserError: there is no such customer.
    """
    named = "select customer_id from marts.customer_identifiers where identifier_id = ? and owned_until_at is null"
    (customer_id,) = connection.execute(named, [customer_id]).fetchone() or (customer_id,)
    asked = f"select any_value(as_of_on) from {PERMISSIONS} where customer_id = ? having count(*) > 0"
    known = connection.execute(asked, [customer_id]).fetchone()
    if known is None:
        ((example,),) = connection.execute(f"select min(customer_id) from {PERMISSIONS}").fetchall()
        raise UserError(f"There is no customer {customer_id} in {PERMISSIONS}; ids look like {example}.")
    groups = []
    for section in sorted(sections, key=lambda section: section.order):
        frames = {
            name: connection.execute(f"with asked as (select ? as customer_id) {sql}", [customer_id]).df()
            for name, sql in section.queries.items()
        }
        groups += [group for group in section.facts(frames) if group.facts]
    return CustomerFacts(customer_id, known[0], groups)
