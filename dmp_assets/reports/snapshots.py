"""Parquet copies of the served tables, for consumers who must not touch the live warehouse."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import duckdb


def publish_snapshots(connection: duckdb.DuckDBPyConnection, tables: Iterable[str], folder: Path) -> dict[str, int]:
    """Write each table to ``<folder>/<schema>/<table>.parquet`` and return the rows of each.

    The new set is written beside the old one and then takes its place, so that a reader never meets half a set and a killed run
    leaves the previous one.

    Args:
        connection: a connection to the warehouse.
        tables: the tables' full names, ``schema.table``.
        folder: where the set belongs; replaced as a whole.
    """
    incoming, outgoing = folder.with_name(f"{folder.name}.new"), folder.with_name(f"{folder.name}.old")
    for leftover in (incoming, outgoing):
        shutil.rmtree(leftover, ignore_errors=True)
    rows = {}
    for table in sorted(tables):
        file = incoming.joinpath(*table.split(".")).with_suffix(".parquet")
        file.parent.mkdir(parents=True, exist_ok=True)
        quoted = str(file).replace("'", "''")
        (count,) = connection.execute(
            f"copy (from {table}) to '{quoted}' (format parquet, compression zstd)"
        ).fetchall()[0]
        rows[table] = count
    if folder.exists():
        folder.rename(outgoing)
    incoming.rename(folder)
    shutil.rmtree(outgoing, ignore_errors=True)
    return rows
