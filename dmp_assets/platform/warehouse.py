"""The DuckDB warehouse as a Dagster resource: one configuration, a read and a write context, one way to replace a table.

DuckDB lets one process at a time open the file for writing, so a connection is held only while it is used and a locked file is
waited for, up to a limit.
"""

from __future__ import annotations

import importlib.util
import logging
import re
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import psutil
from dagster_duckdb import DuckDBResource

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

LOAD_TIMES = {"_loaded_at", "loaded_at"}

log = logging.getLogger("dmp.warehouse")


class WarehouseLockedError(UserError):
    """Another process has the warehouse open."""


class Warehouse(DuckDBResource):
    """The warehouse file, opened the same way everywhere."""

    lock_timeout_seconds: float = 30

    @classmethod
    def from_settings(cls, settings: Settings) -> Warehouse:
        """Return the warehouse that the settings name."""
        return cls(
            database=str(settings.warehouse_path),
            connection_config={
                "threads": settings.threads,
                "memory_limit": settings.memory_limit,
                # The newest storage format: loading 21 million promotion rows takes 6.7 s instead of 10.5 s.
                "storage_compatibility_version": "latest",
                "temp_directory": str(settings.spill_dir),
            },
            lock_timeout_seconds=settings.lock_timeout_seconds,
        )

    @contextmanager
    def read(self) -> Generator[duckdb.DuckDBPyConnection]:
        """Yield a read-only connection.

        Raises:
            UserError: there is no warehouse yet, or another process kept it locked.
        """
        if not Path(self.database).exists():
            raise UserError(f"There is no warehouse at {self.database} yet: build it first with `dmp build`.")
        with self._open(read_only=True) as connection:
            yield connection

    def query(self, sql: str) -> pd.DataFrame:
        """Return the result of a query as a frame; DECIMAL columns become float64, dates datetime64[us].

        Raises:
            UserError: as `read`.
        """
        with self.read() as connection:
            return connection.execute(sql).df()

    def row_counts(self) -> dict[str, int]:
        """Return the number of rows of every table, by ``schema.table``; views are left out."""
        with self.read() as connection:
            counts = [f"select {literal(table)}, count(*) from {table}" for table in _tables(connection)]
            return dict(connection.execute(" union all ".join(counts)).fetchall()) if counts else {}

    def has_table(self, table: str) -> bool:
        """Return whether there is a table of this name, ``schema.table``; a view is none."""
        with self.read() as connection:
            return has_table(connection, table)

    @contextmanager
    def write(self, *, is_private: bool = False) -> Generator[duckdb.DuckDBPyConnection]:
        """Yield a connection inside one transaction: committed at the end, rolled back if anything fails.

        Args:
            is_private: whether what does not fit into memory is encrypted on its way to the disk; for direct identifiers.

        Raises:
            UserError: another process kept the warehouse locked, or its folder cannot be written.
        """
        with self._open(read_only=False) as connection:
            if is_private:
                encrypt_spill(connection)
            connection.begin()
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def without_patience(self) -> Warehouse:
        """Return the same warehouse, which waits for nobody."""
        return self.model_copy(update={"lock_timeout_seconds": 0})

    def wait_until_free(self) -> None:
        """Wait until no other process has the file open, for another program that shall open it.

        Raises:
            UserError: as `write`.
        """
        with self._open(read_only=False):
            pass

    @contextmanager
    def _open(self, *, read_only: bool) -> Generator[duckdb.DuckDBPyConnection]:
        connection = self._connect(read_only=read_only)
        try:
            yield connection
        finally:
            connection.close()

    def _connect(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        give_up_at = time.monotonic() + self.lock_timeout_seconds
        is_told = False
        while True:
            try:
                return duckdb.connect(self.database, read_only=read_only, config=dict(self.connection_config))
            except duckdb.Error as error:
                if not is_locked(str(error)):
                    raise UserError(unreadable(self.database, error)) from None
                holder = lock_holder(str(error))
                if time.monotonic() >= give_up_at:
                    raise WarehouseLockedError(
                        f"The warehouse {self.database} is locked by another process and stayed so for "
                        f"{self.lock_timeout_seconds:g} s: {holder}. {CLOSE_IT}"
                    ) from None
                if not is_told:
                    log.warning("Waiting for %s, which has the warehouse open.", holder)
                    is_told = True
                time.sleep(0.25)


CLOSE_IT = (
    "Wait for that run to end or close the program that has the file open, then try again. To read while builds run, open "
    "published/published.duckdb or the Parquet files beside it in the same folder, which no build locks. "
    "DMP_LOCK_TIMEOUT_SECONDS sets the patience."
)


def is_locked(error: str) -> bool:
    """Return whether DuckDB says that another process has a file open."""
    return "Could not set lock" in error or "Conflicting lock" in error


def lock_holder(error: str) -> str:
    """Return who holds a file that DuckDB could not lock, such as 'python3 hold.py (PID 42)'."""
    found = re.search(r"Conflicting lock is held in (.*?) \(PID (\d+)\)", error)
    if not found:
        return "holder unknown"
    command, process = found[1], int(found[2])
    with suppress(psutil.Error):
        # The script too, not only the interpreter; what follows may hold secrets.
        command = " ".join(psutil.Process(process).cmdline()[:2]) or command
    return f"{command} (PID {process})"


def unreadable(file: str, error: duckdb.Error) -> str:
    """Return why DuckDB cannot open a file that nobody else holds, and the way out, in one sentence."""
    text = " ".join(str(error).split())
    if "No space left" in text:
        return f"The disk of {file} is full: free some space, then try again; nothing was lost."
    if "Cannot open file" in text or "Permission denied" in text:
        return f"The warehouse {file} cannot be opened: {text}"
    return (
        f"The warehouse {file} is damaged ({text.split(': ', 1)[-1][:200]}): put back a copy of it, or move it away and "
        "run `dmp build`, which makes it again from the sources."
    )


def encrypt_spill(connection: duckdb.DuckDBPyConnection) -> None:
    """Have a connection that has spilled nothing yet encrypt what does not fit into memory.

    The extension ``httpfs``, which comes as a Python package, brings the cryptography that DuckDB needs to write encrypted files.

    Raises:
        UserError: the package is not installed.
    """
    package = importlib.util.find_spec("duckdb_extension_httpfs")
    if package is None or package.origin is None:
        raise UserError("The package duckdb-extension-httpfs is not installed: install it in the version of duckdb.")
    extension = Path(package.origin).parent / "extensions" / f"v{duckdb.__version__}" / "httpfs.duckdb_extension"
    connection.execute(f"load {literal(str(extension))}")
    connection.execute("set temp_file_encryption = true")


def replace_table(
    connection: duckdb.DuckDBPyConnection, table: str, content: pd.DataFrame | str, descriptions: Mapping[str, str]
) -> None:
    """Replace a table, in the caller's transaction.

    Args:
        connection: from `Warehouse.write`.
        table: ``schema.name``.
        content: the rows: a query, or a frame. In a frame a date by its name (see `is_date`) becomes DATE, text VARCHAR even where
            there is none, every other column the type that DuckDB reads from it.
        descriptions: a comment for each column, kept in the warehouse for whoever reads it there.
    """
    connection.execute(f"create schema if not exists {table.split('.', maxsplit=1)[0]}")
    if isinstance(content, str):
        connection.execute(f"create or replace table {table} as {content}")
    else:
        with _registered(connection, content):
            connection.execute(f"create or replace table {table} as from new_rows")
    for column, text in descriptions.items():
        connection.execute(f"comment on column {table}.{quoted(column)} is {literal(text)}")


@dataclass(frozen=True)
class Part:
    """What is new in a table of which the rest stays.

    Attributes:
        rows: the view or table of the new rows.
        instead_of: the condition of the rows that they replace, which are all that could have a key of theirs.
    """

    rows: str
    instead_of: str


def replace_part(connection: duckdb.DuckDBPyConnection, table: str, part: Part) -> None:
    """Replace a part of a table, in the caller's transaction."""
    connection.execute(f"delete from {table} where {part.instead_of}")
    connection.execute(f"insert into {table} by name from {part.rows}")


def insert_rows(connection: duckdb.DuckDBPyConnection, table: str, frame: pd.DataFrame, *, instead_of: str) -> None:
    """Insert a frame into a table with its columns, in the caller's transaction.

    Args:
        connection: from `Warehouse.write`.
        table: ``schema.name``.
        frame: the rows.
        instead_of: the condition of the rows that they replace; the new ones are called ``new_rows``.
    """
    with _registered(connection, frame):
        connection.execute(f"delete from {table} where {instead_of}")
        connection.execute(f"insert into {table} by name from new_rows")


@contextmanager
def _registered(connection: duckdb.DuckDBPyConnection, frame: pd.DataFrame) -> Generator[None]:
    """Let SQL read a frame as ``new_rows``, its columns in the types that they shall have."""
    columns = ", ".join(_select(column, frame[column]) for column in map(str, frame.columns))
    connection.register("_new_rows", frame)
    connection.execute(f"create temporary view new_rows as select {columns} from _new_rows")
    try:
        yield
    finally:
        connection.execute("drop view new_rows")
        connection.unregister("_new_rows")


def _select(column: str, values: pd.Series) -> str:
    """Return the expression that reads a column of a frame as the type it shall have."""
    name = quoted(column)
    if is_date(column):
        return f"cast({name} as date) as {name}"
    # DuckDB takes the type of text from its first value, and without one for a number.
    is_text = values.dtype == object and values.isna().all()
    return f"cast({name} as varchar) as {name}" if is_text else name


def is_date(column: str) -> bool:
    """Return whether a column of this name holds dates: ``date`` or ``*_on``, by the project's naming rule."""
    return column == "date" or column.endswith("_on")


def table_hashes(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return ``rows:hash`` of every table's content, whatever the order of its rows; load times (``_loaded_at``) are left out."""
    return {table: _table_hash(connection, table) for table in _tables(connection)}


def has_table(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Return whether there is a table of this name, ``schema.table``; a view is none."""
    return table in _tables(connection)


def has_relation(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Return whether there is a table or view of this name, ``schema.name``."""
    found = connection.execute(
        "select 1 from information_schema.tables where table_schema || '.' || table_name = ?", [name]
    ).fetchall()
    return bool(found)


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return every table's ``schema.table``, sorted."""
    rows = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where not internal"
    ).fetchall()
    return sorted(table for (table,) in rows)


def _table_hash(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    row = ", ".join(quoted(name) for name in columns_of(connection, table) if name not in LOAD_TIMES)
    (rows, total), *_ = connection.execute(
        f"select count(*), coalesce(sum(hash({row}) % 1000000000000000003), 0) from {table}"
    ).fetchall()
    return f"{rows}:{int(total):x}"


def count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """Return the number of rows of a table."""
    ((rows,),) = connection.execute(f"select count(*) from {table}").fetchall()
    return rows


def columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """Return the type of each column of a table, in order."""
    return {name: kind for name, kind, *_ in connection.execute(f"describe {table}").fetchall()}


def quoted(name: str) -> str:
    """Return a name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as SQL."""
    return "'" + text.replace("'", "''") + "'"
