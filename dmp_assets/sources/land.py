"""Land users' files in the raw layer: every row of every file once, whatever its columns are.

A file is known by its content and the rule by which it was read. Its rows, the lines that could not be read and the record of the
load are written in one transaction. Columns are those that arrive: a new one is added, a missing one is empty, one of another type
makes the raw column text if its values do not fit; `Landing.changes` tells. What a row means is decided in staging.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse, columns_of, quoted
from dmp_assets.privacy.tables import pseudonymise
from dmp_assets.sources.declare import PLACE_COLUMNS, DeclaredTable, LoadRule
from dmp_assets.sources.extract import extract, reset
from dmp_assets.sources.loader import create_loads_table, sha256
from dmp_assets.sources.read import DamagedFileError, files_at, read_file

REJECTED_LINES = {
    "source": "VARCHAR",
    "contract_table": "VARCHAR",
    "reason": "VARCHAR",
    "line": "VARCHAR",
    **PLACE_COLUMNS,
}
"""Columns of ``raw.rejected_lines``."""


@dataclass
class Landing:
    """What the load of a table did.

    Attributes:
        files: files read; one that was read before is not among them.
        rows_added: rows of these files.
        rows_total: rows in the table now.
        lines_rejected: lines of these files that could not be read.
        changes: how their columns differ from the declared ones, in words.
        damaged: files that could not be read at all, with the reason; nothing of them was kept.
    """

    files: int = 0
    rows_added: int = 0
    rows_total: int = 0
    lines_rejected: int = 0
    changes: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


def load_table(warehouse: Warehouse, settings: Settings, table: DeclaredTable, *, now: dt.datetime) -> Landing:
    """Load what is new of a declared table; see `land_files`.

    Raises:
        UserError: its place is empty or cannot be reached.
    """
    if table.rule.file_format:
        files = files_at(table.rule.resolved_location(), table.rule.file_format)
        return land_files(warehouse, settings, table, files, now=now)
    with warehouse.write() as connection:
        create_tables(connection, table)
        ((loads,),) = connection.execute(
            "select count(*) from raw._loads where table_name = ?", [table.raw_name]
        ).fetchall()
    if not loads:
        # Another warehouse than the one that dlt remembers having filled.
        reset(settings, table)
    files = extract(settings, table)
    landing = land_files(warehouse, settings, table, files, now=now)
    if not landing.damaged:
        for file in files.values():
            file.unlink()
    return landing


def land_files(
    warehouse: Warehouse, settings: Settings, table: DeclaredTable, files: Mapping[str, Path], *, now: dt.datetime
) -> Landing:
    """Load the files that were not loaded before, each in a transaction of its own.

    Args:
        warehouse: where to.
        settings: name the home and the vault.
        table: what the files hold; all are read by its rule.
        files: by name, in the order in which they are loaded.
        now: the load time, UTC without time zone.
    """
    landing = Landing()
    with warehouse.write() as connection:
        create_tables(connection, table)
    for name, file in files.items():
        with warehouse.write() as connection:
            try:
                _land_file(connection, settings, table, (name, file), now, landing)
            except (DamagedFileError, duckdb.Error, OSError, EOFError, zlib.error) as error:
                connection.rollback()
                connection.begin()
                landing.damaged.append(f"{file} ({str(error).splitlines()[0]})")
    with warehouse.read() as connection:
        landing.rows_total = connection.execute(f"select count(*) from {table.relation}").fetchall()[0][0]
        columns = columns_of(connection, table.relation)
    for column, declared in table.columns.items():
        found = columns.get(column)
        if found is None:
            landing.changes.append(f"{column} is declared and never came")
        elif _base(found) != _base(declared):
            landing.changes.append(f"{column} is {found}, declared as {declared}")
    landing.changes += [
        f"{column} is new and not declared" for column in columns if column not in {**table.columns, **PLACE_COLUMNS}
    ]
    return landing


def create_tables(connection: duckdb.DuckDBPyConnection, table: DeclaredTable | None = None) -> None:
    """Make the record of loads, the table of rejected lines and a declared table, if they are not there."""
    create_loads_table(connection)
    _create(connection, "raw.rejected_lines", REJECTED_LINES)
    if table is not None:
        _create(connection, table.relation, {**table.columns, **PLACE_COLUMNS})


def _land_file(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    table: DeclaredTable,
    named_file: tuple[str, Path],
    now: dt.datetime,
    landing: Landing,
) -> None:
    file_name, file = named_file
    content = sha256(file)
    load_id = load_id_of(content, table.rule)
    loads = connection.execute(
        "select load_id, file_sha256, file_name from raw._loads where table_name = ?", [table.raw_name]
    ).fetchall()
    if any(known == load_id for known, *_ in loads):
        return
    read_file(connection, file, table.rule)
    prepare_arrived(connection, settings, table, now)
    pseudonymise(connection, settings, "unread", source=table.source, now=now)
    for known, sha, name in loads:
        is_replaced = table.rule.keep == "replace" and name == file_name
        if sha == content or is_replaced:
            _forget(connection, table, known)
    rows = append_arrived(connection, table, content, file_name, now)
    ((rejected,),) = connection.execute("select count(*) from unread").fetchall()
    connection.execute(
        "insert into raw.rejected_lines select ?, ?, reason, line, ?, _row, ?, ? from unread order by _row",
        [table.source, table.rule.contract, file_name, load_id, now],
    )
    landing.files += 1
    landing.rows_added += rows
    landing.lines_rejected += rejected
    arrived = columns_of(connection, "arrived")
    missing = [column for column in table.columns if column not in arrived]
    if missing:
        landing.changes.append(f"{file_name} lacks {', '.join(missing)}")


def load_id_of(content: str, rule: LoadRule) -> str:
    """Return the id of a load: it follows from the hash of the file's content and from how it is read."""
    read_by = rule.model_dump_json(include={"format", "encoding", "delimiter", "quote", "identifiers"})
    return hashlib.sha256(f"{content} {read_by}".encode()).hexdigest()[:16]


def prepare_arrived(
    connection: duckdb.DuckDBPyConnection, settings: Settings, table: DeclaredTable, now: dt.datetime
) -> None:
    """Take the direct identifiers out of the temporary table ``arrived``, and give a raw table its columns.

    DuckDB wants the columns changed before any row of the table is deleted in the same transaction.
    """
    rule = table.rule
    pseudonymise(
        connection,
        settings,
        "arrived",
        source=table.source,
        now=now,
        identifiers=rule.identifiers,
        customer=rule.customer,
    )
    present = columns_of(connection, table.relation)
    for column, kind in columns_of(connection, "arrived").items():
        name = quoted(column)
        if column == "_row":
            continue
        if column not in present:
            connection.execute(f"alter table {table.relation} add column {name} {kind}")
        elif _base(kind) != _base(present[column]) and not _fits(connection, name, present[column], kind):
            connection.execute(f"alter table {table.relation} alter column {name} set data type varchar")


def append_arrived(
    connection: duckdb.DuckDBPyConnection, table: DeclaredTable, content: str, file_name: str, now: dt.datetime
) -> int:
    """Append the temporary table ``arrived`` to a raw table, with the record of the load; return the number of rows."""
    load_id = load_id_of(content, table.rule)
    kinds = columns_of(connection, table.relation)
    arrived = columns_of(connection, "arrived")
    values = ", ".join(f"cast({quoted(column)} as {kinds[column]})" for column in arrived)
    names = ", ".join(map(quoted, arrived))
    connection.execute(
        f"insert into {table.relation} ({names}, _file, _load_id, _loaded_at) "
        f"select {values}, ?, ?, ? from arrived order by _row",
        [file_name, load_id, now],
    )
    ((rows,),) = connection.execute("select count(*) from arrived").fetchall()
    connection.execute(
        "insert into raw._loads values (?, ?, ?, ?, ?, ?, ?)",
        [load_id, table.source, table.raw_name, file_name, content, rows, now],
    )
    return rows


def _forget(connection: duckdb.DuckDBPyConnection, table: DeclaredTable, load_id: str) -> None:
    """Remove what an earlier reading of a file left."""
    connection.execute(f"delete from {table.relation} where _load_id = ?", [load_id])
    connection.execute("delete from raw.rejected_lines where _load_id = ?", [load_id])
    connection.execute("delete from raw._loads where table_name = ? and load_id = ?", [table.raw_name, load_id])


def _fits(connection: duckdb.DuckDBPyConnection, name: str, kind: str, arrived_kind: str) -> bool:
    """Return whether every value of a column of ``arrived`` can be kept as another type without loss."""
    kept = f"try_cast(try_cast({name} as {kind}) as {arrived_kind})"
    (lost,) = connection.execute(
        f"select count(*) from arrived where {name} is not null and {kept} is distinct from {name}"
    ).fetchall()[0]
    return lost == 0


def _create(connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str]) -> None:
    typed = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
    connection.execute(f"create table if not exists {table} ({typed})")


def _base(kind: str) -> str:
    """Return a type without its precision: decimals of two precisions are no change worth telling of."""
    return kind.split("(", maxsplit=1)[0]
