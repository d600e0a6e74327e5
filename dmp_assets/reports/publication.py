"""The served tables for consumers who must not touch the live warehouse: as one DuckDB file, as Parquet files, with a dictionary.

All of it is one publication, written in a folder of its own and swapped as a whole::

    published/current -> versions/20180101T040000Z    the one thing that changes
    published/tables, published.duckdb, ... -> current/tables, current/published.duckdb, ...

Changing one symbolic link is atomic, so that a reader meets all of the old publication or all of the new one; what a reader has
open stays as it is until it is closed. The publication before stays until the next one begins: DuckDB looks up where a link leads
before it opens the file. A run that is killed leaves the old publication, and its own leavings to the next run.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

import duckdb

from dmp_assets.analysis import inputs
from dmp_assets.platform.warehouse import literal, quoted
from dmp_assets.reports.catalogue import Catalogue, Column, PublishedTable, catalog_json, readme
from dmp_assets.reports.served import ServedColumn, ServedTable

DATABASE, TABLES, CATALOG, README = "published.duckdb", "tables", "catalog.json", "README.md"

# Every DuckDB since 1.0 can open it; the warehouse's own format only the newest.
_STORAGE_VERSION = "v1.0.0"
_SIMULATION = "simulation"


def publish(
    connection: duckdb.DuckDBPyConnection,
    tables: Iterable[ServedTable],
    folder: Path,
    *,
    currency: str,
    now: dt.datetime,
) -> Catalogue:
    """Replace the publication by the present tables, and return what was published.

    Args:
        connection: a connection to the warehouse.
        tables: what to publish.
        folder: of all that is published; it gets ``published.duckdb``, ``tables/<schema>/<table>.parquet``, ``catalog.json`` and
            ``README.md``.
        currency: ISO 4217 code of all amounts.
        now: the present, in UTC.

    Raises:
        duckdb.CatalogException: one of the tables is not there; the previous publication stays.
    """
    versions, current = folder / "versions", folder / "current"
    for other in versions.glob("*"):
        if other != current.resolve():
            shutil.rmtree(other)
    incoming = versions / f"{now:%Y%m%dT%H%M%S%fZ}"
    incoming.mkdir(parents=True)
    ((as_of_on,),) = connection.execute(f"select {inputs.AS_OF}").fetchall()
    with _attached(connection, incoming / DATABASE):
        published = [_publish_table(connection, table, incoming) for table in tables]
    # Whoever opened it for writing would lock out all other readers.
    (incoming / DATABASE).chmod(0o444)
    catalogue = Catalogue(str(as_of_on), now.isoformat(timespec="seconds"), currency, published)
    (incoming / CATALOG).write_text(catalog_json(catalogue), encoding="utf-8")
    (incoming / README).write_text(readme(catalogue), encoding="utf-8")
    _link(current, incoming.relative_to(folder))
    for name in (DATABASE, TABLES, CATALOG, README):
        _link(folder / name, Path(current.name, name))
    return catalogue


@contextmanager
def _attached(connection: duckdb.DuckDBPyConnection, file: Path) -> Generator[None]:
    """Attach a new database as ``published``, and fill it in one transaction: one for each comment would take longer."""
    connection.execute(f"attach {literal(str(file))} as published (read_write, storage_version '{_STORAGE_VERSION}')")
    try:
        connection.begin()
        try:
            yield
        except BaseException:
            connection.rollback()
            raise
        connection.commit()
    finally:
        connection.execute("detach published")


def _publish_table(connection: duckdb.DuckDBPyConnection, table: ServedTable, incoming: Path) -> PublishedTable:
    """Copy a table with its comments into the attached database and into a Parquet file."""
    schema, name = table.name.split(".")
    copy = f"published.{table.name}"
    connection.execute(f"create schema if not exists published.{schema}")
    connection.execute(f"create table {copy} as from {table.name}")
    connection.execute(f"comment on table {copy} is {literal(table.description)}")
    columns = []
    for column, kind, *_ in connection.execute(f"describe {copy}").fetchall():
        told = table.columns.get(column, ServedColumn("", nullable=True))
        connection.execute(f"comment on column {copy}.{quoted(column)} is {literal(told.description)}")
        columns.append(Column(column, kind, told.description, told.nullable, column in table.key))
    file = Path(TABLES, schema, f"{name}.parquet")
    (incoming / file).parent.mkdir(parents=True, exist_ok=True)
    ((rows,),) = connection.execute(
        f"copy {copy} to {literal(str(incoming / file))} (format parquet, compression zstd)"
    ).fetchall()
    simulated = rows if schema == _SIMULATION else 0
    if any(column.name == "is_simulated" for column in columns):
        ((simulated,),) = connection.execute(f"select count(*) from {copy} where is_simulated").fetchall()
    return PublishedTable(
        schema, name, table.description, table.grain, rows, simulated, table.key, file.as_posix(), columns
    )


def _link(link: Path, target: Path) -> None:
    """Make a symbolic link point to a target beside it, in one step if it was one before."""
    if link.is_dir() and not link.is_symlink():
        shutil.rmtree(link)  # of a publication from before there were links
    incoming = link.with_name(f"{link.name}.new")
    incoming.unlink(missing_ok=True)
    incoming.symlink_to(target)
    incoming.replace(link)
