"""What was rejected, and how corrected rows come back.

Rules that change need nothing here: every build judges the staged rows anew, and a file whose rule to read it has changed is read
again. Where the data itself was wrong, its raw rows are exported, corrected by hand and replayed: they take the place of the
rejected ones, which are kept in ``raw._replaced_rows``.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pandas as pd

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.spreadsheets import with_formulas
from dmp_assets.platform.warehouse import Warehouse, columns_of, quoted
from dmp_assets.privacy.texts import own_search
from dmp_assets.sources.declare import PLACE_COLUMNS, DeclaredTable, LoadRule
from dmp_assets.sources.delimited import DamagedFileError
from dmp_assets.sources.land import pseudonymiser
from dmp_assets.sources.loads import Load, sha256
from dmp_assets.sources.raw_tables import append, create_tables, fit_columns
from dmp_assets.sources.read import read_file

LOAD, ROW, REASON = "quarantine_load", "quarantine_row", "quarantine_reason"
"""Columns of an export beside those of the source: which row it is, and why it was rejected."""

_CORRECTED = LoadRule(location="corrected", format="csv", contract="")


def rejected(
    connection: duckdb.DuckDBPyConnection,
    *,
    source: str | None = None,
    contract_table: str | None = None,
    reason: str | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rejected rows: their number by source, contract table and reason, and the rows themselves, newest load first.

    Raises:
        UserError: nothing was built yet.
    """
    conditions = {"source": source, "contract_table": contract_table, "reason": reason}
    chosen = {column: value for column, value in conditions.items() if value is not None}
    where = " and ".join(["true", *(f"{column} = ?" for column in chosen)])
    try:
        rows = connection.execute(
            "select source, contract_table, reason, row_id, _file, _row, _load_id, _loaded_at, row_json "
            f"from quarantine.rejected_rows where {where} order by _loaded_at desc, source, contract_table, _file, _row, row_id",
            list(chosen.values()),
        ).df()
    except duckdb.CatalogException:
        raise UserError("There is no quarantine yet: build first with `dmp build`.") from None
    counts = rows.groupby(["source", "contract_table", "reason"], as_index=False).agg(rows=("row_json", "size"))
    return counts, rows


def export_rejected(
    connection: duckdb.DuckDBPyConnection, table: DeclaredTable, *, reason: str | None = None
) -> pd.DataFrame:
    """Return the rejected rows of a table as they arrived, to be corrected; of a line that could not be read, its text.

    Args:
        connection: to the warehouse.
        table: one that the dbt project declares; its rows are numbered.
        reason: only those rejected for it.
    """
    _, rows = rejected(connection, source=table.source, contract_table=table.rule.contract, reason=reason)
    connection.register("rejected_rows", rows)
    columns = [column for column in columns_of(connection, table.relation) if column not in PLACE_COLUMNS]
    named = ", ".join(f"raw_rows.{quoted(column)}" for column in columns)
    return connection.execute(
        f"""
        select {named}, lines.line, rejected._load_id as {LOAD}, rejected._row as {ROW}, rejected.reason as {REASON}
        from rejected_rows as rejected
        left join {table.relation} as raw_rows on rejected._load_id = raw_rows._load_id and rejected._row = raw_rows._row
        left join raw.rejected_lines as lines
            on rejected._load_id = lines._load_id and rejected._row = lines._row and raw_rows._load_id is null
        where raw_rows._load_id is not null or lines._load_id is not null
        order by rejected._loaded_at, rejected._load_id, rejected._row
        """
    ).df()


def replay(warehouse: Warehouse, settings: Settings, table: DeclaredTable, file: Path, *, now: dt.datetime) -> int:
    """Put corrected rows in the place of the rejected ones they were exported from, and return their number.

    Args:
        warehouse: where the table is.
        settings: name the vault.
        table: as for `export_rejected`.
        file: CSV in UTF-8 with the columns of the export; a row that was left out stays rejected.
        now: the load time, UTC without time zone.

    Raises:
        UserError: the file cannot be read, lacks the columns of the export, or names rows that are not there; nothing is changed.
    """
    if not file.is_file():
        raise UserError(f"There is no file {file}.")
    with warehouse.write(is_private=True) as connection:
        create_tables(connection, table)
        connection.execute(
            "create table if not exists raw._replaced_rows (table_name varchar, row_json varchar, _file varchar, _row bigint, "
            "_load_id varchar, _loaded_at timestamp, replaced_by varchar, replaced_at timestamp)"
        )
        try:
            read_file(connection, file, _CORRECTED)
        except (DamagedFileError, duckdb.Error) as error:
            raise UserError(f"{file} cannot be read ({str(error).splitlines()[0]}); nothing was changed.") from None
        with_formulas(connection, "arrived")
        _check(connection, table, file)
        connection.execute(f"create temp table places as select {LOAD}, cast({ROW} as bigint) as {ROW} from arrived")
        for column in (LOAD, ROW, REASON, "line"):
            connection.execute(f"alter table arrived drop column if exists {column}")
        load = Load(
            table, file.name, sha256(file), now, settings.sample_percent, file, own_search(settings, table.source)
        )
        cleaner = pseudonymiser(settings, load)
        cleaner.table(connection, "arrived")
        cleaner.hand_over()
        fit_columns(connection, table, "arrived")
        for origin in (table.relation, "raw.rejected_lines"):
            chosen = f"(_load_id, _row) in (select {LOAD}, {ROW} from places)"
            connection.execute(
                f"insert into raw._replaced_rows select ?, cast(to_json(rows) as varchar), _file, _row, _load_id, _loaded_at, ?, ? "
                f"from {origin} as rows where {chosen}",
                [table.raw_name, file.name, now],
            )
            connection.execute(f"delete from {origin} where {chosen}")
        rows = append(connection, [load], "(from arrived order by _row)")
    settings.landing_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with replays(settings).open("a", encoding="utf-8") as stream:
        stream.write(f"{now.isoformat()} {table.raw_name} {file.name} {rows}\n")
    return rows


def replays(settings: Settings) -> Path:
    """Return the file that lists the loads of corrected rows: what was built before the newest of them is out of date."""
    return settings.landing_dir / "replays.txt"


def _check(connection: duckdb.DuckDBPyConnection, table: DeclaredTable, file: Path) -> None:
    """Stop unless every row names a rejected one."""
    ((unread,),) = connection.execute("select count(*) from unread").fetchall()
    if unread:
        ((line, reason),) = connection.execute("select _row, reason from unread order by _row limit 1").fetchall()
        raise UserError(f"{file}, line {line}: {reason.replace('_', ' ')}. Correct it; nothing was changed.")
    columns = columns_of(connection, "arrived")
    missing = [column for column in (LOAD, ROW) if column not in columns]
    if missing:
        raise UserError(
            f"{file} lacks the columns {', '.join(missing)}: correct the file that `dmp quarantine export` wrote."
        )
    unknown = connection.execute(
        f"""
        select _row from arrived
        where ({LOAD}, try_cast({ROW} as bigint)) not in (
            select _load_id, _row from {table.relation} where _row is not null
            union all select _load_id, _row from raw.rejected_lines where source = ?
        )
        order by _row limit 5
        """,
        [table.source],
    ).fetchall()
    if unknown:
        lines = ", ".join(str(line) for (line,) in unknown)
        raise UserError(
            f"{file}, lines {lines}: raw.{table.raw_name} has no such row, or it was replayed before. Take these lines out; "
            "nothing was changed."
        )
