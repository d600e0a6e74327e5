"""Whether rows keep the Pandera schema of their table: a frame at once, a stored table of any size block by block.

What lives here: the outcome of the check ``schema``, with the rows that fail. Never put a domain's checks here.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dagster as dg
import duckdb
import pandas as pd
import pandera.pandas as pa

from dmp_assets.platform.emptiness import empty_because
from dmp_assets.platform.warehouse import count, quoted

if TYPE_CHECKING:
    from dmp_assets.platform.tables import Table

CHECK = "schema"
FAILURES_SHOWN = 20

_ALL_LEFT_OUT = "All of its customers refuse analytics or personalization."
_VECTORS = 250
"""Vectors of 2,048 rows in a block: as much as is in memory at once."""


def validate(table: Table, frame: pd.DataFrame, *, is_rest: bool = False) -> dg.AssetCheckResult:
    """Return whether a frame keeps a table's schema, with the failing rows.

    One without rows fails unless the schema says why, or it is the rest after customers were left out.
    """
    reason = None
    if frame.empty:
        reason = _ALL_LEFT_OUT if is_rest else empty_because(table.schema)
    if frame.empty and reason is None:
        return _outcome(
            table, frame, passed=False, description="The table has no rows, and its schema says no reason why."
        )
    try:
        table.schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        summary = cases.groupby(["column", "check"], dropna=False).size()
        return _outcome(
            table,
            frame,
            passed=False,
            description="; ".join(
                f"{column}: {check} fails {count} times" for (column, check), count in summary.items()
            ),
            failures=len(cases),
            failing_rows=dg.MetadataValue.md(_failing_rows(cases, frame)),
            expected=dg.MetadataValue.md(
                "\n".join(f"- `{name}`: {c.dtype}" for name, c in table.schema.columns.items())
            ),
            actual=dg.MetadataValue.md("\n".join(f"- `{name}`: {kind}" for name, kind in frame.dtypes.items())),
        )
    return _outcome(table, frame, passed=True, description=reason)


def validate_stored(
    table: Table, connection: duckdb.DuckDBPyConnection, *, is_rest: bool = False, part: str | None = None
) -> dg.AssetCheckResult:
    """Return whether a stored table keeps its schema, whose checks look at single rows: as `validate`, block by block.

    That no two rows have one key is asked of the whole. The first block that fails is reported. Where only a part of the table is
    new, `part` is the view or table of it, and the rest was checked when it was written.
    """
    rows_of = part or table.full_name
    key = ", ".join(map(quoted, table.primary_key))
    # Hashes that all differ prove that the keys do, in a tenth of the time.
    (is_unique,) = connection.execute(f"select count(*) = count(distinct hash({key})) from {rows_of}").fetchall()[0]
    twice = (
        f"select * from {rows_of} qualify count(*) over (partition by {key}) > 1 order by {key} limit {FAILURES_SHOWN}"
    )
    if not is_unique and len(frame := connection.execute(twice).df()):
        return validate(table, frame)
    by_row = copy.deepcopy(table.schema)
    by_row.unique = None
    for column in by_row.columns.values():
        column.unique = False
    of_block = replace(table, schema=by_row)
    total = count(connection, rows_of)
    blocks = connection.execute(f"select * from {rows_of}")
    rows = 0
    while True:
        block = blocks.fetch_df_chunk(_VECTORS)
        if block.empty and (rows or (part and count(connection, table.full_name))):
            if rows != total:
                raise RuntimeError(f"{rows_of} has {total} rows, and {rows} were read to be checked.")
            return dg.AssetCheckResult(
                asset_key=table.key,
                check_name=CHECK,
                passed=True,
                metadata={"rows": rows, "columns": len(table.schema.columns)},
            )
        outcome = validate(of_block, block, is_rest=is_rest)
        rows += len(block)
        if not outcome.passed or block.empty:
            return outcome


def _outcome(
    table: Table, frame: pd.DataFrame, *, passed: bool, description: str | None, **facts: Any
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=table.key,
        check_name=CHECK,
        passed=passed,
        description=description,
        metadata=facts | {"rows": len(frame), "columns": len(frame.columns)},
    )


def _failing_rows(cases: pd.DataFrame, frame: pd.DataFrame) -> str:
    """Return the first failure cases as a Markdown table, each with the row it was found in."""
    lines = ["| column | check | value | row |", "|---|---|---|---|"]
    for column, check, value, index in (
        cases[["column", "check", "failure_case", "index"]].head(FAILURES_SHOWN).itertuples(index=False, name=None)
    ):
        row = frame.loc[index].to_dict() if index is not None and index in frame.index else "the whole column"
        lines.append(f"| {column} | {check} | {_cell(value)} | {_cell(row)} |")
    return "\n".join(lines)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|")[:300]
