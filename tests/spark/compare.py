"""Whether two tables hold the same rows, whatever their order: for the one SQL that runs on two engines."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import duckdb

from dmp_assets.platform.warehouse import columns_of, quoted

TOLERANCE = 1e-9
"""Relative, of floating-point numbers: engines add them up in different orders. Everything else is equal or not."""


class Comparison(NamedTuple):
    """How many rows two tables have, how many differ, and what the first of these differs in ('' where none does)."""

    rows: int
    other_rows: int
    differing: int
    first_difference: str


def compare(
    connection: duckdb.DuckDBPyConnection, table: str, other: str, left_out: Collection[str] = ()
) -> Comparison:
    """Compare two tables row by row.

    Args:
        connection: sees both tables.
        table: anything that SQL reads from. The values of the other are cast to its types.
        other: likewise.
        left_out: columns that are not compared.

    Returns:
        The rows of the table that the other has no equal of, or of the other where those are more. If the tables do not have the
        same columns, all rows differ.
    """
    (rows,), (other_rows,) = (
        connection.execute(f"select count(*) from {relation}").fetchall()[0] for relation in (table, other)
    )
    types = columns_of(connection, f"(from {table})")
    odd = sorted(types.keys() ^ columns_of(connection, f"(from {other})").keys())
    if odd:
        return Comparison(rows, other_rows, max(rows, other_rows), f"columns of one alone: {', '.join(odd)}")

    compared = {quoted(name): kind for name, kind in types.items() if name not in left_out}
    floating = [name for name, kind in compared.items() if kind in ("DOUBLE", "FLOAT")]
    exact = [name for name in compared if name not in floating]
    values = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in compared.items())
    for side, relation in (("one", table), ("another", other)):
        # Rows that are equal but for their floating-point numbers are matched in the order of these.
        connection.execute(
            f"""
            create or replace temp table {side} as
            select *, row_number() over (partition by row_key order by {", ".join([*floating, "1"])}) as copy
            from (select *, hash({", ".join([*exact, "1"])}) as row_key from (select {values} from {relation}))
            """
        )
    far_apart = [
        f"not coalesce(one.{name} = another.{name} or abs(one.{name} - another.{name})"
        f" <= {TOLERANCE} * greatest(abs(one.{name}), abs(another.{name})), one.{name} is null and another.{name} is null)"
        for name in floating
    ]
    connection.execute(
        f"""
        create or replace temp table differing as
        select one, another
        from one full join another on one.row_key = another.row_key and one.copy = another.copy
        where {" or ".join(["one.copy is null", "another.copy is null", *far_apart])}
        """
    )
    left, right = (
        [
            {name: value for name, value in row.items() if name in types}
            for (row,) in connection.execute(
                f"select {side} from differing where {side}.copy is not null order by {side}"
            ).fetchall()
        ]
        for side in ("one", "another")
    )
    return Comparison(rows, other_rows, max(len(left), len(right)), _first_difference(left, right))


def _first_difference(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> str:
    """Return in words what the first row of the left differs in from the row of the right that is most like it."""
    if not left or not right:
        return "".join(f"only in one: {row}" for row in (left + right)[:1])
    first = left[0]
    nearest = max(right, key=lambda row: sum(row[name] == value for name, value in first.items()))
    changed = [f"{name} {value!r} and {nearest[name]!r}" for name, value in first.items() if nearest[name] != value]
    return f"{', '.join(changed)} of {list(first.values())[:2]}"
