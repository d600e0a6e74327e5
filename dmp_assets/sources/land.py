"""Land files in the raw layer: every row of every file once, whatever its columns are.

A file is known by its content and the rule by which it was read. Its rows, the lines that could not be read and the record of the
load are written in one transaction, which many small files share. Columns are those that arrive: a new one is added, a missing one
is empty, one of another type makes the raw column text if its values do not fit; `Landing.changes` tells. A rule may refuse such a
file instead. What a row means is decided in staging.

A clean Parquet or CSV file goes straight into its table, and what is in it for the vault is taken out on the way. One with
something to repair or to reject goes through temporary tables, which takes several times as long. Both leave the same rows.
"""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse, columns_of, quoted
from dmp_assets.privacy.tables import Pseudonymiser
from dmp_assets.privacy.texts import own_search
from dmp_assets.sources.database import Since
from dmp_assets.sources.declare import PLACE_COLUMNS, DeclaredTable
from dmp_assets.sources.delimited import DamagedFileError
from dmp_assets.sources.extract import extract
from dmp_assets.sources.loads import Known, Load, check_sample, in_batches, readings
from dmp_assets.sources.raw_tables import append, base_type, create_tables, fit_columns, forget, not_held, rows_by_place
from dmp_assets.sources.read import clean_rows, files_of, read_file

_DAMAGE = (DamagedFileError, duckdb.Error, OSError, EOFError, zlib.error)
"""What reading a damaged file raises."""


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
        since = _read_before(connection, table)
    files = extract(settings, table, since)
    landing = land_files(warehouse, settings, table, files, now=now)
    if not landing.damaged:
        for file in files.values():
            file.unlink()
    return landing


def _read_before(connection: duckdb.DuckDBPyConnection, table: DeclaredTable) -> Since:
    """Return how far a table of a database was read."""
    present = columns_of(connection, table.relation)
    highest = [
        f"max({quoted(column)})" if column in present else "max(null)"
        for column in (table.rule.cursor, table.rule.deleted_at)
    ]
    return Since(*connection.execute(f"select {', '.join(highest)} from {table.relation}").fetchall()[0])


def land_files(
    warehouse: Warehouse, settings: Settings, table: DeclaredTable, files: Mapping[str, Path], *, now: dt.datetime
) -> Landing:
    """Load the files that were not loaded before: each large one in a transaction of its own, many small ones in one.

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
        known = connection.execute(
            "select load_id, file_sha256, file_name from raw._loads where table_name = ?", [table.raw_name]
        ).fetchall()
    loads: dict[str, Load] = {}
    search = own_search(settings, table.source)
    for name, file in files.items():
        try:
            for load in readings(table, name, file, now, settings.sample_percent, search):
                check_sample(load, known)
                loads.setdefault(load.load_id, load)
        except _DAMAGE as error:
            landing.damaged.append(f"{file} ({error})")
    earlier = [each for each in known if each[0] not in loads]
    done = {load_id for load_id, *_ in known}
    waiting = [load for load_id, load in loads.items() if load_id not in done]
    for batch in in_batches(waiting):
        _land_batch(warehouse, settings, batch, earlier, landing)
    read_before = {load.content for load in loads.values()} - {load.content for load in waiting}
    replaced = {load.file_name for load_id, load in loads.items() if load_id in done and table.rule.keep == "replace"}
    if gone := [load_id for load_id, content, name in earlier if content in read_before or name in replaced]:
        # Sheets that the rule does not name any more, and what files held before it was said that they replace it.
        with warehouse.write() as connection:
            forget(connection, table, gone)
    with warehouse.read() as connection:
        landing.rows_total = connection.execute(f"select count(*) from {table.relation}").fetchall()[0][0]
        columns = columns_of(connection, table.relation)
    for column, declared in table.columns.items():
        found = columns.get(column)
        if found is None:
            landing.changes.append(f"{column} is declared and never came")
        elif base_type(found) != base_type(declared):
            landing.changes.append(f"{column} is {found}, declared as {declared}")
    landing.changes += [
        f"{column} is new and not declared" for column in columns if column not in {**table.columns, **PLACE_COLUMNS}
    ]
    return landing


class _Landed(NamedTuple):
    columns: Collection[str]
    rows: int
    lines_rejected: int = 0


def _land_batch(
    warehouse: Warehouse, settings: Settings, batch: Sequence[Load], earlier: Known, landing: Landing
) -> None:
    """Load files in one transaction; if one of them stops it, each in its own."""
    try:
        with warehouse.write(is_private=True) as connection:
            landed = _landed(connection, settings, batch, earlier)
    except (UserError, *_DAMAGE) as error:
        if len(batch) > 1:
            for load in batch:
                _land_batch(warehouse, settings, [load], earlier, landing)
            return
        if isinstance(error, UserError):
            raise
        landing.damaged.append(f"{batch[0].file} ({str(error).splitlines()[0]})")
        return
    landing.files += len(batch)
    for load, each in zip(batch, landed, strict=True):
        landing.rows_added += each.rows
        landing.lines_rejected += each.lines_rejected
        missing = [column for column in load.table.columns if column not in each.columns]
        if missing:
            landing.changes.append(f"{load.file_name} lacks {', '.join(missing)}")


def _landed(
    connection: duckdb.DuckDBPyConnection, settings: Settings, batch: Sequence[Load], earlier: Known
) -> list[_Landed]:
    """Put the rows of files into their table, on the short road if it is open, and return what was landed of each."""
    first, *others = batch
    if others and first.table.rule.format == "parquet":
        return [each for load in batch for each in _landed(connection, settings, [load], earlier)]
    contents, names = {load.content for load in batch}, {load.file_name for load in batch}
    replaced = [
        load_id
        for load_id, content, name in earlier
        if content in contents or (first.table.rule.keep == "replace" and name in names)
    ]
    is_clean = not others
    try:
        if not others and (landed := _land_clean(connection, settings, first, replaced)):
            return [landed]
    except duckdb.Error:
        # Something has to be repaired or rejected; or the file is damaged, which then shows again.
        is_clean = False
        connection.rollback()
        connection.begin()
    return _land_carefully(connection, settings, batch, replaced, is_clean=is_clean)


def _land_clean(
    connection: duckdb.DuckDBPyConnection, settings: Settings, load: Load, replaced: Sequence[str]
) -> _Landed | None:
    """Put the rows of a clean file straight into the table; return None if it has to be read carefully.

    Raises:
        duckdb.Error: the file is not clean.
        UserError: the vault cannot be opened.
    """
    table, rule = load.table, load.table.rule
    with clean_rows(load.file, rule, threads=_threads(connection), condition=load.sample_condition()) as batches:
        if batches is None:
            return None
        cleaner = pseudonymiser(settings, load)
        connection.register("clean", pa.RecordBatchReader.from_batches(batches.schema, map(cleaner.batch, batches)))
        columns, present = columns_of(connection, "clean"), columns_of(connection, table.relation)
        _check_columns(load, columns)
        if any(base_type(kind) != base_type(present.get(column, kind)) for column, kind in columns.items()):
            return None
        if any(columns.get(column, "VARCHAR") != "VARCHAR" for column in rule.identifiers):
            return None
        fit_columns(connection, table, "clean")
        forget(connection, table, replaced)
        rows = append(connection, [load], not_held(connection, table, "clean"))
        cleaner.hand_over()
        return _Landed(columns, rows)


def _threads(connection: duckdb.DuckDBPyConnection) -> int:
    ((threads,),) = connection.execute("select current_setting('threads')").fetchall()
    return threads


def _land_carefully(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    batch: Sequence[Load],
    replaced: Sequence[str],
    *,
    is_clean: bool,
) -> list[_Landed]:
    """Put the rows of any files into the table, and their other lines into quarantine."""
    table, now = batch[0].table, batch[0].now
    columns: list[dict[str, str]] = []
    for load in batch:
        _read(connection, load, is_clean=is_clean)
        columns.append(columns_of(connection, "arrived"))
        _check_columns(load, columns[-1])
        if table.rule.sample:
            connection.execute(f"delete from arrived where {load.sample_condition()} is not true")
        _gather(connection, columns)
    for table_read in ("arrived", "unread"):
        connection.execute(f"drop table if exists {table_read}")
        connection.execute(f"alter table all_{table_read} rename to {table_read}")
    cleaner = pseudonymiser(settings, batch[0])
    cleaner.table(connection, "arrived")
    cleaner.hand_over()
    # A line that cannot be taken apart may have anything of a table with identifiers: the vault has it, quarantine its place.
    kept_away = {"line": "line"} if table.rule.identifiers else {}
    cleaner = Pseudonymiser(settings, source=table.source, now=now, identifiers=kept_away)
    cleaner.table(connection, "unread")
    cleaner.hand_over()
    if kept_away:
        connection.execute("update unread set line = null")
    rows = "(select * exclude (_place) from arrived order by _place, _row)"
    fit_columns(connection, table, rows)
    forget(connection, table, replaced)
    if table.rule.cursor:
        connection.execute(f"create or replace temp table arrived as from {not_held(connection, table, 'arrived')}")
    append(connection, batch, "(from arrived order by _place, _row)")
    connection.execute(
        "insert into raw.rejected_lines "
        "select ?, ?, reason, line, list_extract(?, _place), _row, list_extract(?, _place), ? from unread order by _place, _row",
        [table.source, table.rule.contract, [load.file_name for load in batch], [load.load_id for load in batch], now],
    )
    arrived, rejected = rows_by_place(connection, "arrived"), rows_by_place(connection, "unread")
    return [_Landed(each, arrived.get(place, 0), rejected.get(place, 0)) for place, each in enumerate(columns, start=1)]


def _read(connection: duckdb.DuckDBPyConnection, load: Load, *, is_clean: bool) -> None:
    """Read a file into ``arrived`` and ``unread``, in one pass if it may be clean and is."""
    if is_clean:
        try:
            with clean_rows(load.file, load.table.rule, threads=_threads(connection)) as batches:
                if batches:
                    connection.register("clean", batches)
                    connection.execute("create or replace temp table arrived as from clean")
                    connection.execute(
                        "create or replace temp table unread (_row bigint, reason varchar, line varchar)"
                    )
                    return
        except duckdb.Error:
            connection.rollback()
            connection.begin()
    read_file(connection, load.file, load.table.rule)


def _gather(connection: duckdb.DuckDBPyConnection, columns: Sequence[Mapping[str, str]]) -> None:
    """Add what was read of the last of some files, with its place in the batch, to what was read of those before it.

    Args:
        connection: holds what was read of the last in ``arrived`` and ``unread``, of those before it in ``all_arrived`` and so on.
        columns: of each file in ``arrived``, with their types.
    """
    place, (*before, last) = len(columns), columns
    if place == 1:  # perhaps a large one, which is not copied
        for table in ("arrived", "unread"):
            connection.execute(f"alter table {table} add column _place bigint default 1")
            connection.execute(f"drop table if exists all_{table}")
            connection.execute(f"alter table {table} rename to all_{table}")
        return
    present = set().union(*before)
    for column in [each for each in last if each not in present]:
        connection.execute(f"alter table all_arrived add column {quoted(column)} {last[column]}")
    for table in ("arrived", "unread"):
        connection.execute(f"insert into all_{table} by name select *, cast({place} as bigint) as _place from {table}")


def pseudonymiser(settings: Settings, load: Load) -> Pseudonymiser:
    """Return what takes the direct identifiers out of the rows of a load."""
    table = load.table
    return Pseudonymiser(
        settings, source=table.source, now=load.now, identifiers=table.rule.identifiers, customer=table.rule.customer
    )


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
