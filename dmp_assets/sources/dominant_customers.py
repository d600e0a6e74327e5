"""Customers who are too many: an id with far more orders or e-mail addresses than any person has may stand for nobody.

Till systems and shops put guests under one id (99999, GUEST). Numbers tell which, and the user says whether it is nobody's.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import duckdb

from dmp_assets.platform.warehouse import columns_of, has_relation, quoted
from dmp_assets.sources.declare import DeclaredTable

TIMES = 10
"""How many times as much as the next customer, to be beyond any person."""

_MANY = {"orders": 30, "addresses": 10}
_SHARE = 0.01  # of all lines
_MOST = 5  # ids that may stand for nobody beside each other
_LINES = "intermediate.int_order_lines_checked"


def dominant_customers(connection: duckdb.DuckDBPyConnection, table: DeclaredTable) -> list[str]:
    """Return a sentence for each customer of a raw table of order lines who may be nobody; none once the mapping says who is.

    Reads the order lines as they were judged last; nothing is there before the first build.
    """
    if table.rule.contract != "order_lines" or "nobody" in table.mapping or not has_relation(connection, _LINES):
        return []
    found = {**_with_many_addresses(connection, table), **_with_many_orders(connection, table)}
    return [
        f"{table.source}: customer_id {customer} {words}: if it stands for nobody, say "
        f"`dmp add-source {table.source} --replace --nobody {shlex.quote(customer)}`"
        for customer, words in found.items()
    ]


def _with_many_orders(connection: duckdb.DuckDBPyConnection, table: DeclaredTable) -> dict[str, str]:
    """Return customers with far more orders than the next one, and how many in words."""
    of_source = "source = ? and reject_reason is null and customer_id is not null"
    ((lines,),) = connection.execute(
        f"select count(*) from {_LINES} where source = ? and reject_reason is null", [table.source]
    ).fetchall()
    # Those with the most lines are counted in full: orders of all would have to be told apart.
    orders = connection.execute(
        f"""
        with most as (
            select customer_id, count(*) as lines from {_LINES} where {of_source}
            group by 1 order by 2 desc, 1 limit {_MOST + 20}
        )
        select customer_id, most.lines, count(distinct order_id), count(distinct store_id)
        from {_LINES} inner join most using (customer_id)
        where {of_source} group by all order by 3 desc, 1
        """,
        [table.source, table.source],
    ).fetchall()
    beyond = _beyond([count for *_, count, _ in orders], _MANY["orders"])
    return {
        _own_id(
            customer
        ): f"has {own:,} of {lines:,} lines, {count:,} orders{f' in {stores:,} stores' if stores > 1 else ''}; the "
        f"next customer has {orders[beyond][2]:,}"
        for customer, own, count, stores in orders[:beyond]
        if own >= _SHARE * lines
    }


def _with_many_addresses(connection: duckdb.DuckDBPyConnection, table: DeclaredTable) -> dict[str, str]:
    """Return customers who come with far more direct identifiers, such as e-mail addresses, than the next one, in words."""
    customer = table.rule.customer
    present = columns_of(connection, table.relation) if has_relation(connection, f"raw.{table.raw_name}") else {}
    if customer not in present or customer in table.rule.identifiers:
        return {}
    found = {}
    for column, kind in table.rule.identifiers.items():
        if column not in present:
            continue
        counted = connection.execute(
            f"select {quoted(customer)}, count(distinct {quoted(column)}) from {table.relation} "
            f"where {quoted(customer)} is not null group by 1 order by 2 desc, 1 limit {_MOST + 1}"
        ).fetchall()
        beyond = _beyond([count for _, count in counted], _MANY["addresses"])
        for value, count in counted[:beyond]:
            # Not one that is nobody's already.
            known = connection.execute(
                f"select lines.customer_id from {table.relation} as raw_rows inner join {_LINES} as lines "
                f"on raw_rows._load_id = lines._load_id and raw_rows._row = lines._row and lines.source = ? "
                f"where raw_rows.{quoted(customer)} = ? and lines.customer_id is not null limit 1",
                [table.source, value],
            ).fetchall()
            if known:
                found[_own_id(known[0][0])] = (
                    f"comes with {count:,} different values of {column} ({kind}), the next customer with {counted[beyond][1]:,}"
                )
    return found


def _beyond(counts: Sequence[int], many: int) -> int:
    """Return how many of the largest counts, which come first, are far beyond the next: 0 if none is."""
    for place in range(min(_MOST, len(counts) - 1), 0, -1):
        if counts[place - 1] >= max(many, TIMES * counts[place]):
            return place
    return 0


def _own_id(customer: str) -> str:
    """Return the source's own id of a customer."""
    return customer.partition(":")[2]
