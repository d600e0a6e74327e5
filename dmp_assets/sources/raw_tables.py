"""The tables of the raw layer: made, given the columns of rows that come, appended to, and cleared of earlier readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from dmp_assets.platform.warehouse import columns_of, literal, quoted
from dmp_assets.sources.declare import PLACE_COLUMNS, DeclaredTable
from dmp_assets.sources.loads import Load

REJECTED_LINES = {
    "source": "VARCHAR",
    "contract_table": "VARCHAR",
    "reason": "VARCHAR",
    "line": "VARCHAR",
    **PLACE_COLUMNS,
}
"""Columns of ``raw.rejected_lines``."""


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
        "file_sha256 varchar, row_count bigint, loaded_at timestamp, search varchar, primary key (table_name, load_id))"
    )
    connection.execute("alter table raw._loads add column if not exists search varchar")  # of an earlier version


def fit_columns(connection: duckdb.DuckDBPyConnection, table: DeclaredTable, rows: str) -> None:
    """Give a raw table the columns of rows that come, and text where their values do not fit.

    DuckDB wants this done before any row of the table is deleted in the same transaction.
    """
    present = columns_of(connection, table.relation)
    for column, kind in columns_of(connection, rows).items():
        name = quoted(column)
        if column not in present:
            connection.execute(f"alter table {table.relation} add column {name} {kind}")
        elif base_type(kind) != base_type(present[column]) and not _fits(
            connection, rows, name, (present[column], kind)
        ):
            connection.execute(f"alter table {table.relation} alter column {name} set data type varchar")


def not_held(connection: duckdb.DuckDBPyConnection, table: DeclaredTable, rows: str) -> str:
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
    counts = {1: count} if place == "1" else rows_by_place(connection, rows)
    records = [
        [
            load.load_id,
            table.source,
            table.raw_name,
            load.file_name,
            load.content,
            counts.get(number, 0),
            now,
            load.search,
        ]
        for number, load in enumerate(loads, start=1)
    ]
    if count or table.rule.cursor is None:  # rows that a cursor only brings again are no load
        connection.executemany("insert into raw._loads values (?, ?, ?, ?, ?, ?, ?, ?)", records)
    return count


def forget(connection: duckdb.DuckDBPyConnection, table: DeclaredTable, load_ids: Sequence[str]) -> None:
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


def base_type(kind: str) -> str:
    """Return a type without its precision: decimals of two precisions are no change worth telling of."""
    return kind.split("(", maxsplit=1)[0]


def rows_by_place(connection: duckdb.DuckDBPyConnection, table: str) -> dict[int, int]:
    """Return how many rows of a table each place of a batch has, by ``_place``."""
    return dict(connection.execute(f"select _place, count(*) from {table} group by _place").fetchall())
