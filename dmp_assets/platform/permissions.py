"""Who has no score and no list: the one place that says it, and the one that takes the rows out.

Who refuses analytics or personalization is in no table that scores, groups, describes or recommends for single customers. They
still count in sums, in what models learn from and in what is said of products, where nobody is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.warehouse import columns_of, has_table, quoted

if TYPE_CHECKING:
    import duckdb

PERMISSIONS = "marts.contact_permissions"
IDENTIFIERS = "marts.customer_identifiers"

REFUSING = f"""(
    select distinct customer_id from {PERMISSIONS}
    where purpose in ('analytics', 'personalization') and channel = 'any' and not is_allowed
)"""
"""The customers who are left out; a relation in SQL, one row per customer."""

LEFT_OUT = f"""(
    select customer_id from {REFUSING}
    union
    select identifier_id from {IDENTIFIERS} where customer_id in {REFUSING}
)"""
"""All that the customers who are left out are called, or were before they were known to be one person; a relation in SQL."""

_CUSTOMER = "customer_id"


def customer_columns(columns: Sequence[str]) -> list[str]:
    """Return those of a table's columns that name a customer: ``customer_id``, ``neighbour_customer_id``."""
    return [column for column in columns if column == _CUSTOMER or column.endswith(f"_{_CUSTOMER}")]


def leave_out(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """Delete the rows of a table that name a customer who is left out, in the caller's transaction.

    Returns:
        How many customers the table was about and is no longer.

    Raises:
        UserError: it is not known yet what customers allow.
    """
    if not has_table(connection, PERMISSIONS):
        raise UserError(
            f"There is no {PERMISSIONS} yet, so nobody may be profiled: run `dmp build`, which makes it first."
        )
    names = customer_columns(list(columns_of(connection, table)))
    # The column of a table without rows may have any type.
    is_left_out = {name: f"cast({quoted(name)} as varchar) in {LEFT_OUT}" for name in names}
    found = f"select count(distinct {_CUSTOMER}) from {table} where {is_left_out[_CUSTOMER]}"
    ((customers,),) = connection.execute(found).fetchall()
    connection.execute(f"delete from {table} where {' or '.join(is_left_out.values())}")
    return customers
