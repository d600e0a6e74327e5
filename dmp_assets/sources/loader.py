"""Land Parquet files in the raw layer: typed, append-only, each file's content once.

DuckDB reads the files directly. A load is known by the hash of the file's content, so the same file loaded again adds nothing,
and a changed file is appended under a new load id for staging to reconcile.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dmp_assets.platform.errors import UserError

LOAD_COLUMNS = {"_load_id": "VARCHAR", "_loaded_at": "TIMESTAMP"}


@dataclass(frozen=True)
class SourceTable:
    """One table of a source, as its file must be.

    Attributes:
        source: the source's name.
        name: the table's name, which is also the file's name without ``.parquet``.
        description: what one row is.
        columns: each column with its DuckDB type; the file must have exactly these.
        sample: SQL condition that draws a sample, with ``{percent}`` and ``{folder}``; empty if the table is always whole.
    """

    source: str
    name: str
    description: str
    columns: Mapping[str, str]
    sample: str = ""

    @property
    def raw_name(self) -> str:
        """Name of the table in the raw layer."""
        return f"{self.source}__{self.name}"

    def file(self, folder: Path) -> Path:
        """Return the table's file in a folder."""
        return folder / f"{self.name}.parquet"


@dataclass(frozen=True)
class Load:
    """What one load did: its id, the rows it added (0 if the content was there already), the rows in the table now."""

    load_id: str
    rows_added: int
    rows_total: int


def check_file(connection: duckdb.DuckDBPyConnection, table: SourceTable, folder: Path) -> None:
    """Check that a table's file is there, whole, and has the declared columns and types.

    Raises:
        UserError: the file is missing, unreadable, or differs; the message names the file and each column.
    """
    file = table.file(folder)
    if not file.is_file():
        raise UserError(f"{file} is missing: the source {table.source} needs it for raw.{table.raw_name}.")
    try:
        described = connection.execute(f"describe select * from read_parquet('{_quoted(file)}')").fetchall()
    except duckdb.Error as error:
        raise UserError(
            f"{file} is not a whole Parquet file ({_first_line(error)}). Replace it with an intact copy; nothing was loaded."
        ) from None
    found = {name: kind for name, kind, *_ in described}
    problems = [
        f"column {column} is missing" if column not in found else f"column {column} is {found[column]}, expected {kind}"
        for column, kind in table.columns.items()
        if found.get(column) != kind
    ]
    problems += [f"column {column} is not expected" for column in found if column not in table.columns]
    if problems:
        raise UserError(f"{file} does not have the declared columns: {'; '.join(problems)}. Nothing was loaded.")


def load_file(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, folder: Path, *, sample_percent: int, now: dt.datetime
) -> Load:
    """Append a table's file to the raw layer, unless its content was loaded before.

    Runs inside the caller's transaction, so that the rows and the record of the load are written together or not at all.

    Args:
        connection: a writable connection in a transaction.
        table: the table to load.
        folder: where its file is.
        sample_percent: share of the households to load, 1 to 100.
        now: the load time, UTC without time zone.

    Raises:
        UserError: the file breaks off while it is read, or the warehouse holds the same file at another sample size.
    """
    file = table.file(folder)
    content = sha256(file)
    load_id = f"{content[:16]}-{sample_percent}" if table.sample else content[:16]
    _create_tables(connection, table)
    known = connection.execute(
        "select load_id from raw._loads where table_name = ? and file_sha256 = ?", [table.raw_name, content]
    ).fetchone()
    rows_added = 0
    if known is None:
        columns = ", ".join(table.columns)
        condition = table.sample.format(percent=sample_percent, folder=_quoted(folder)) if sample_percent < 100 else ""
        try:
            connection.execute(
                f"insert into raw.{table.raw_name} select {columns}, ?, ? from read_parquet('{_quoted(file)}') "
                + (f"where {condition}" if condition else ""),
                [load_id, now],
            )
        except duckdb.Error as error:
            raise UserError(
                f"{file} broke off while it was read ({_first_line(error)}); nothing of it was kept."
            ) from None
        rows_added = _count(connection, f"raw.{table.raw_name} where _load_id = '{load_id}'")
        connection.execute(
            "insert into raw._loads values (?, ?, ?, ?, ?, ?, ?)",
            [load_id, table.source, table.raw_name, file.name, content, rows_added, now],
        )
    elif known[0] != load_id:
        raise UserError(
            f"raw.{table.raw_name} already holds {file.name} at another sample size (load {known[0]}), and loading it at "
            f"DMP_SAMPLE_PERCENT={sample_percent} would mix the two. Use another DMP_HOME, or `dmp clean` first."
        )
    return Load(load_id, rows_added, _count(connection, f"raw.{table.raw_name}"))


def _create_tables(connection: duckdb.DuckDBPyConnection, table: SourceTable) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in {**table.columns, **LOAD_COLUMNS}.items())
    create_loads_table(connection)
    connection.execute(f"create table if not exists raw.{table.raw_name} ({columns})")
    connection.execute(f"comment on table raw.{table.raw_name} is '{table.description}'")


def create_loads_table(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the raw layer and its record of loads, if they are not there."""
    connection.execute("create schema if not exists raw")
    connection.execute(
        "create table if not exists raw._loads (load_id varchar, source varchar, table_name varchar, file_name varchar, "
        "file_sha256 varchar, row_count bigint, loaded_at timestamp, primary key (table_name, load_id))"
    )


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    (count,) = connection.execute(f"select count(*) from {table}").fetchall()[0]
    return count


def sha256(file: Path) -> str:
    """Return the hash of a file's content, hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _first_line(error: duckdb.Error) -> str:
    return str(error).splitlines()[0]
