"""Land files in the raw layer: every row of every file once, whatever its columns are.

A file is known by its content and the rule by which it was read. Its rows, the lines that could not be read and the record of the
load are written in one transaction. Columns are those that arrive: a new one is added, a missing one is empty, one of another type
makes the raw column text if its values do not fit; `Landing.changes` tells. A rule may refuse such a file instead. What a row means
is decided in staging.

A clean Parquet or CSV file goes straight into its table. One with something to repair, to reject or to take into the vault goes
through temporary tables, which takes two to four times as long. Both leave the same rows.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import duckdb

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse, columns_of, literal, quoted
from dmp_assets.privacy.identifiers import may_hold_one_sql
from dmp_assets.privacy.tables import pseudonymise
from dmp_assets.sources.declare import PLACE_COLUMNS, DeclaredTable
from dmp_assets.sources.extract import extract, reset
from dmp_assets.sources.read import DamagedFileError, clean_rows, files_of, read_file

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
        UserError: its place is empty or cannot be reached, or as `land_files`.
    """
    files = files_of(table.rule)
    if files is not None:
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

    Raises:
        UserError: the rule refuses a file with other columns than the declared ones, or the table holds a sample of another size.
    """
    landing = Landing()
    with warehouse.write() as connection:
        create_tables(connection, table)
    for name, file in files.items():
        with warehouse.write() as connection:
            try:
                _land_file(
                    connection, settings, Load(table, name, sha256(file), now, settings.sample_percent), file, landing
                )
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
        for column, kind in PLACE_COLUMNS.items():
            # Tables of homes that were made before the demo's rows had a place.
            connection.execute(f"alter table {table.relation} add column if not exists {column} {kind}")
        connection.execute(f"comment on table {table.relation} is {literal(table.description)}")


def create_loads_table(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the raw layer and its record of loads, if they are not there."""
    connection.execute("create schema if not exists raw")
    connection.execute(
        "create table if not exists raw._loads (load_id varchar, source varchar, table_name varchar, file_name varchar, "
        "file_sha256 varchar, row_count bigint, loaded_at timestamp, primary key (table_name, load_id))"
    )


@dataclass(frozen=True)
class Load:
    """One reading of one file.

    Attributes:
        table: what the file holds.
        file_name: its name in the table's place.
        content: hash of its content.
        now: the load time, UTC without time zone.
        sample_percent: size of the sample that is drawn from it, if the rule says how.
    """

    table: DeclaredTable
    file_name: str
    content: str
    now: dt.datetime
    sample_percent: int

    @property
    def load_id(self) -> str:
        """The load's id: it follows from the file's content and from how it is read."""
        read_by = self.table.rule.model_dump_json(
            include={"format", "encoding", "delimiter", "quote", "identifiers", "sample"}, exclude_none=True
        )
        return hashlib.sha256(f"{self.content} {read_by}".encode()).hexdigest()[:16] + self.sample_suffix

    @property
    def sample_suffix(self) -> str:
        """The end of the load's id that tells the size of the sample."""
        return f"-{self.sample_percent}" if self.table.rule.sample else ""

    def sample_condition(self, file: Path) -> str:
        """Return the SQL condition under which a row of the file belongs to the sample."""
        if self.table.rule.sample is None or self.sample_percent == 100:
            return "true"
        # Replaced one by one: SQL may have braces of its own. The folder stands within quotes of the rule's.
        condition = self.table.rule.sample.replace("{percent}", str(self.sample_percent))
        return "(" + condition.replace("{folder}", literal(str(file.parent))[1:-1]) + ")"


class _Landed(NamedTuple):
    columns: Collection[str]
    rows: int
    lines_rejected: int = 0


def _land_file(
    connection: duckdb.DuckDBPyConnection, settings: Settings, load: Load, file: Path, landing: Landing
) -> None:
    table = load.table
    loads = connection.execute(
        "select load_id, file_sha256, file_name from raw._loads where table_name = ?", [table.raw_name]
    ).fetchall()
    if any(known == load.load_id for known, *_ in loads):
        return
    for known, _, name in loads:
        if not known.endswith(load.sample_suffix):
            raise UserError(
                f"raw.{table.raw_name} already holds {name} at another sample size (load {known}), and loading {load.file_name} at "
                f"DMP_SAMPLE_PERCENT={load.sample_percent} would mix the two. Use another DMP_HOME, or `dmp clean` first."
            )
    replaced = [
        known
        for known, content, name in loads
        if content == load.content or (table.rule.keep == "replace" and name == load.file_name)
    ]
    landed = None
    try:
        landed = _land_clean(connection, load, file, replaced)
    except duckdb.Error:
        # Something has to be repaired, rejected or taken into the vault; or the file is damaged, which then shows again.
        connection.rollback()
        connection.begin()
    if landed is None:
        landed = _land_carefully(connection, settings, load, file, replaced)
    landing.files += 1
    landing.rows_added += landed.rows
    landing.lines_rejected += landed.lines_rejected
    missing = [column for column in table.columns if column not in landed.columns]
    if missing:
        landing.changes.append(f"{load.file_name} lacks {', '.join(missing)}")


def _land_clean(
    connection: duckdb.DuckDBPyConnection, load: Load, file: Path, replaced: Sequence[str]
) -> _Landed | None:
    """Put the rows of a clean file straight into the table; return None if it has to be read carefully.

    Raises:
        duckdb.Error: the file is not clean, or a text in it may hold a direct identifier. No such text was written.
    """
    table = load.table
    if table.rule.identifiers:
        return None
    with clean_rows(connection, file, table.rule) as rows:
        if rows is None:
            return None
        columns, present = columns_of(connection, rows), columns_of(connection, table.relation)
        _check_columns(load, columns)
        if any(_base(kind) != _base(present.get(column, kind)) for column, kind in columns.items()):
            return None
        texts = [quoted(column) for column, kind in columns.items() if kind == "VARCHAR"]
        may_hold_one = " or ".join(map(may_hold_one_sql, texts)) or "false"
        fit_columns(connection, table, rows)
        _forget(connection, table, replaced)
        is_clean = f"case when {may_hold_one} then error('an identifier') else true end"
        checked = f"(from {rows} where {load.sample_condition(file)} and {is_clean})"
        return _Landed(columns, append(connection, load, checked))


def _land_carefully(
    connection: duckdb.DuckDBPyConnection, settings: Settings, load: Load, file: Path, replaced: Sequence[str]
) -> _Landed:
    """Put the rows of any file into the table, and its other lines into quarantine."""
    table = load.table
    read_file(connection, file, table.rule)
    _check_columns(load, columns_of(connection, "arrived"))
    connection.execute(f"delete from arrived where {load.sample_condition(file)} is not true")
    pseudonymise_arrived(connection, settings, load)
    pseudonymise(connection, settings, "unread", source=table.source, now=load.now)
    fit_columns(connection, table, "arrived")
    _forget(connection, table, replaced)
    rows = append(connection, load, "(from arrived order by _row)")
    ((rejected,),) = connection.execute(
        "insert into raw.rejected_lines select ?, ?, reason, line, ?, _row, ?, ? from unread order by _row",
        [table.source, table.rule.contract, load.file_name, load.load_id, load.now],
    ).fetchall()
    return _Landed(columns_of(connection, "arrived"), rows, rejected)


def sha256(file: Path) -> str:
    """Return the hash of a file's content, hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check_columns(load: Load, columns: Mapping[str, str]) -> None:
    """Stop if the rule wants the declared columns and others come."""
    declared = load.table.columns
    if load.table.rule.columns != "declared":
        return
    problems = [
        f"column {column} is missing"
        if column not in columns
        else f"column {column} is {columns[column]}, expected {kind}"
        for column, kind in declared.items()
        if columns.get(column) != kind
    ]
    problems += [f"column {column} is not expected" for column in columns if column not in {**declared, "_row": ""}]
    if problems:
        raise UserError(
            f"{load.file_name} does not have the declared columns of raw.{load.table.raw_name}: {'; '.join(problems)}. "
            "Nothing of it was loaded."
        )


def pseudonymise_arrived(connection: duckdb.DuckDBPyConnection, settings: Settings, load: Load) -> None:
    """Take the direct identifiers out of the temporary table ``arrived``."""
    rule = load.table.rule
    pseudonymise(
        connection,
        settings,
        "arrived",
        source=load.table.source,
        now=load.now,
        identifiers=rule.identifiers,
        customer=rule.customer,
    )


def fit_columns(connection: duckdb.DuckDBPyConnection, table: DeclaredTable, rows: str) -> None:
    """Give a raw table the columns of rows that come, and text where their values do not fit.

    DuckDB wants this done before any row of the table is deleted in the same transaction.
    """
    present = columns_of(connection, table.relation)
    for column, kind in columns_of(connection, rows).items():
        name = quoted(column)
        if column not in present:
            connection.execute(f"alter table {table.relation} add column {name} {kind}")
        elif _base(kind) != _base(present[column]) and not _fits(connection, rows, name, (present[column], kind)):
            connection.execute(f"alter table {table.relation} alter column {name} set data type varchar")


def append(connection: duckdb.DuckDBPyConnection, load: Load, rows: str) -> int:
    """Append rows with ``_row``, given as a relation in SQL, to a raw table, with the record of the load; return their number."""
    table = load.table
    kinds = columns_of(connection, table.relation)
    columns = columns_of(connection, rows)
    values = ", ".join(f"cast({quoted(column)} as {kinds[column]})" for column in columns)
    ((count,),) = connection.execute(
        f"insert into {table.relation} ({', '.join(map(quoted, columns))}, _file, _load_id, _loaded_at) "
        f"select {values}, ?, ?, ? from {rows}",
        [load.file_name, load.load_id, load.now],
    ).fetchall()
    connection.execute(
        "insert into raw._loads values (?, ?, ?, ?, ?, ?, ?)",
        [load.load_id, table.source, table.raw_name, load.file_name, load.content, count, load.now],
    )
    return count


def _forget(connection: duckdb.DuckDBPyConnection, table: DeclaredTable, load_ids: Sequence[str]) -> None:
    """Remove what earlier readings of a file left."""
    for load_id in load_ids:
        connection.execute(f"delete from {table.relation} where _load_id = ?", [load_id])
        connection.execute("delete from raw.rejected_lines where _load_id = ?", [load_id])
        connection.execute("delete from raw._loads where table_name = ? and load_id = ?", [table.raw_name, load_id])


def _fits(connection: duckdb.DuckDBPyConnection, rows: str, name: str, kinds: tuple[str, str]) -> bool:
    """Return whether every value of a column can be kept as the first type, and read back as the second, without loss."""
    kind, arrived_kind = kinds
    kept = f"try_cast(try_cast({name} as {kind}) as {arrived_kind})"
    (lost,) = connection.execute(
        f"select count(*) from {rows} where {name} is not null and {kept} is distinct from {name}"
    ).fetchall()[0]
    return lost == 0


def _create(connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str]) -> None:
    typed = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
    connection.execute(f"create table if not exists {table} ({typed})")


def _base(kind: str) -> str:
    """Return a type without its precision: decimals of two precisions are no change worth telling of."""
    return kind.split("(", maxsplit=1)[0]
