"""Land files in the raw layer: every row of every file once, whatever its columns are.

A file is known by its content and the rule by which it was read. Its rows, the lines that could not be read and the record of the
load are written in one transaction, which many small files share. Columns are those that arrive: a new one is added, a missing one
is empty, one of another type makes the raw column text if its values do not fit; `Landing.changes` tells. A rule may refuse such a
file instead. What a row means is decided in staging.

A clean Parquet or CSV file goes straight into its table. One with something to repair, to reject or to take into the vault goes
through temporary tables, which takes several times as long. Both leave the same rows.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import duckdb

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse, columns_of, literal, quoted
from dmp_assets.privacy.tables import condition_sql, pseudonymise
from dmp_assets.privacy.texts import read_search
from dmp_assets.sources.database import Since
from dmp_assets.sources.declare import PLACE_COLUMNS, DeclaredTable
from dmp_assets.sources.delimited import DamagedFileError
from dmp_assets.sources.extract import extract
from dmp_assets.sources.read import clean_rows, files_of, read_file
from dmp_assets.sources.sheets import matching_sheets

_BATCH_BYTES = 16 * 1024 * 1024
_BATCH_FILES = 500
_DAMAGE = (DamagedFileError, duckdb.Error, OSError, EOFError, zlib.error)
"""What reading a damaged file raises."""

_IDENTIFIER = "a text may be an identifier"

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
    for name, file in files.items():
        try:
            for load in _loads(table, name, file, now, settings.sample_percent):
                _check_sample(load, known)
                loads.setdefault(load.load_id, load)
        except _DAMAGE as error:
            landing.damaged.append(f"{file} ({error})")
    earlier = [each for each in known if each[0] not in loads]
    done = {load_id for load_id, *_ in known}
    waiting = [load for load_id, load in loads.items() if load_id not in done]
    for batch in _batches(waiting):
        _land_batch(warehouse, settings, batch, earlier, landing)
    read_before = {load.content for load in loads.values()} - {load.content for load in waiting}
    replaced = {load.file_name for load_id, load in loads.items() if load_id in done and table.rule.keep == "replace"}
    if gone := [load_id for load_id, content, name in earlier if content in read_before or name in replaced]:
        # Sheets that the rule does not name any more, and what files held before it was said that they replace it.
        with warehouse.write() as connection:
            _forget(connection, table, gone)
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
        file: where it is.
    """

    table: DeclaredTable
    file_name: str
    content: str
    now: dt.datetime
    sample_percent: int
    file: Path

    @property
    def load_id(self) -> str:
        """The load's id: it follows from the file's content and from how it is read."""
        rule = self.table.rule
        told = {name for name in ("sheet", "skip", "names", "records", "explode", "flatten") if getattr(rule, name)}
        read_by = rule.model_dump_json(
            include={"format", "encoding", "delimiter", "quote", "identifiers", "sample", *told}, exclude_none=True
        )
        return hashlib.sha256(f"{self.content} {read_by}".encode()).hexdigest()[:16] + self.sample_suffix

    @property
    def sample_suffix(self) -> str:
        """The end of the load's id that tells the size of the sample."""
        return f"-{self.sample_percent}" if self.table.rule.sample else ""

    def sample_condition(self) -> str:
        """Return the SQL condition under which a row of the file belongs to the sample."""
        if self.table.rule.sample is None or self.sample_percent == 100:
            return "true"
        # Replaced one by one: SQL may have braces of its own. The folder stands within quotes of the rule's.
        condition = self.table.rule.sample.replace("{percent}", str(self.sample_percent))
        return "(" + condition.replace("{folder}", literal(str(self.file.parent))[1:-1]) + ")"


class _Landed(NamedTuple):
    columns: Collection[str]
    rows: int
    lines_rejected: int = 0


_Known = Sequence[tuple[str, str, str]]  # load id, hash and name of the files that were loaded


def _loads(table: DeclaredTable, name: str, file: Path, now: dt.datetime, sample_percent: int) -> Iterator[Load]:
    """Yield the readings of a file: one, or one for each sheet of a workbook that the rule names."""
    content = sha256(file)
    sheets = matching_sheets(file, table.rule.sheet) if table.rule.format == "xlsx" else []
    if len(sheets) < 2:
        yield Load(table, name, content, now, sample_percent, file)
        return
    for sheet in sheets:
        part = dataclasses.replace(table, rule=table.rule.model_copy(update={"sheet": sheet}))
        yield Load(part, f"{name}/{sheet}", content, now, sample_percent, file)


def _check_sample(load: Load, known: _Known) -> None:
    for load_id, _, name in known:
        if not load_id.endswith(load.sample_suffix):
            raise UserError(
                f"raw.{load.table.raw_name} already holds {name} at another sample size (load {load_id}), and loading "
                f"{load.file_name} at DMP_SAMPLE_PERCENT={load.sample_percent} would mix the two. Use another DMP_HOME, or "
                "`dmp clean` first."
            )


def _batches(loads: Iterable[Load]) -> Iterator[list[Load]]:
    """Yield loads in their order: small files together, each large one alone."""
    batch: list[Load] = []
    size = 0
    for load in loads:
        own = load.file.stat().st_size
        if batch and (size + own > _BATCH_BYTES or len(batch) == _BATCH_FILES):
            yield batch
            batch, size = [], 0
        batch.append(load)
        size += own
    if batch:
        yield batch


def _land_batch(
    warehouse: Warehouse, settings: Settings, batch: Sequence[Load], earlier: _Known, landing: Landing
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
    connection: duckdb.DuckDBPyConnection, settings: Settings, batch: Sequence[Load], earlier: _Known
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
    except duckdb.Error as error:
        # Something has to be repaired, rejected or taken into the vault; or the file is damaged, which then shows again.
        is_clean = _IDENTIFIER in str(error)
        connection.rollback()
        connection.begin()
    return _land_carefully(connection, settings, batch, replaced, is_clean=is_clean)


def _land_clean(
    connection: duckdb.DuckDBPyConnection, settings: Settings, load: Load, replaced: Sequence[str]
) -> _Landed | None:
    """Put the rows of a clean file straight into the table; return None if it has to be read carefully.

    Raises:
        duckdb.Error: the file is not clean, or a text in it may hold a direct identifier. No such text was written.
    """
    table = load.table
    if table.rule.identifiers:
        return None
    with clean_rows(connection, load.file, table.rule) as rows:
        if rows is None:
            return None
        columns, present = columns_of(connection, rows), columns_of(connection, table.relation)
        _check_columns(load, columns)
        if any(_base(kind) != _base(present.get(column, kind)) for column, kind in columns.items()):
            return None
        search = read_search(settings, table.source)
        may_hold_one = " or ".join(
            condition_sql(search, column, is_customer=column == table.rule.customer)
            for column, kind in columns.items()
            if kind == "VARCHAR"
        )
        fit_columns(connection, table, rows)
        _forget(connection, table, replaced)
        is_clean = f"case when {may_hold_one or 'false'} then error({literal(_IDENTIFIER)}) else true end"
        checked = _not_held(connection, table, f"(from {rows} where {load.sample_condition()} and {is_clean})")
        return _Landed(columns, append(connection, [load], checked))


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
    pseudonymise_arrived(connection, settings, batch[0])
    # A line that cannot be taken apart may have anything of a table with identifiers: the vault has it, quarantine its place.
    kept_away = {"line": "line"} if table.rule.identifiers else {}
    pseudonymise(connection, settings, "unread", source=table.source, now=now, identifiers=kept_away)
    if kept_away:
        connection.execute("update unread set line = null")
    rows = "(select * exclude (_place) from arrived order by _place, _row)"
    fit_columns(connection, table, rows)
    _forget(connection, table, replaced)
    if table.rule.cursor:
        connection.execute(f"create or replace temp table arrived as from {_not_held(connection, table, 'arrived')}")
    append(connection, batch, "(from arrived order by _place, _row)")
    connection.execute(
        "insert into raw.rejected_lines "
        "select ?, ?, reason, line, list_extract(?, _place), _row, list_extract(?, _place), ? from unread order by _place, _row",
        [table.source, table.rule.contract, [load.file_name for load in batch], [load.load_id for load in batch], now],
    )
    arrived, rejected = _counts(connection, "arrived"), _counts(connection, "unread")
    return [_Landed(each, arrived.get(place, 0), rejected.get(place, 0)) for place, each in enumerate(columns, start=1)]


def _read(connection: duckdb.DuckDBPyConnection, load: Load, *, is_clean: bool) -> None:
    """Read a file into ``arrived`` and ``unread``, in one pass if it may be clean and is."""
    if is_clean:
        try:
            with clean_rows(connection, load.file, load.table.rule) as rows:
                if rows:
                    connection.execute(f"create or replace temp table arrived as from {rows}")
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


def _counts(connection: duckdb.DuckDBPyConnection, table: str) -> dict[int, int]:
    return dict(connection.execute(f"select _place, count(*) from {table} group by _place").fetchall())


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


def _not_held(connection: duckdb.DuckDBPyConnection, table: DeclaredTable, rows: str) -> str:
    """Return those rows of a relation that a raw table does not have yet, if the table is read by a cursor.

    Such a table with a cursor is read from its highest value on, so the rows with that value, and those without one, come again; of
    equal rows as many are new as there are more than before.
    """
    cursor = table.rule.cursor
    if cursor is None:
        return rows
    present = columns_of(connection, table.relation)
    columns = [column for column in columns_of(connection, rows) if column in present and column not in PLACE_COLUMNS]
    names = ", ".join(map(quoted, columns))
    values = ", ".join(f"cast({quoted(column)} as {present[column]}) as {quoted(column)}" for column in columns)
    is_same = " and ".join(f"come.{quoted(column)} is not distinct from held.{quoted(column)}" for column in columns)
    return f"""(
        with come as (
            select *, row_number() over (partition by {names} order by _row) as _copy
            from (select * replace ({values}) from {rows})
        ),
        held as (
            select {names}, count(*) as _copies from {table.relation}
            where {quoted(cursor)} is null or {quoted(cursor)} in (select {quoted(cursor)} from come)
            group by all
        )
        select come.* exclude (_copy) from come left join held on {is_same}
        where come._copy > coalesce(held._copies, 0)
    )"""


def append(connection: duckdb.DuckDBPyConnection, loads: Sequence[Load], rows: str) -> int:
    """Append rows with ``_row``, given as a relation in SQL, to a raw table, with the record of the loads; return their number.

    Rows of several loads have the place of theirs, counted from 1, in ``_place``.
    """
    table, now = loads[0].table, loads[0].now
    kinds = columns_of(connection, table.relation)
    columns = columns_of(connection, rows)
    place = "_place" if columns.pop("_place", None) else "1"
    values = ", ".join(f"cast({quoted(column)} as {kinds[column]})" for column in columns)
    ((count,),) = connection.execute(
        f"insert into {table.relation} ({', '.join(map(quoted, columns))}, _file, _load_id, _loaded_at) "
        f"select {values}, list_extract(?, {place}), list_extract(?, {place}), ? from {rows}",
        [[load.file_name for load in loads], [load.load_id for load in loads], now],
    ).fetchall()
    counts = {1: count} if place == "1" else _counts(connection, rows)
    records = [
        [load.load_id, table.source, table.raw_name, load.file_name, load.content, counts.get(number, 0), now]
        for number, load in enumerate(loads, start=1)
    ]
    if count or table.rule.cursor is None:  # rows that a cursor only brings again are no load
        connection.executemany("insert into raw._loads values (?, ?, ?, ?, ?, ?, ?)", records)
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
