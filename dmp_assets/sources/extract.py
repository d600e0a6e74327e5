"""Fetch rows of databases and web services with dlt, as Parquet files that are then landed like any other file.

dlt keeps how far a table was read together with the file that it wrote, and finishes a package that was broken off before it reads
on. A file is removed only after the raw layer has it, so that no row is lost and none is counted twice. Files and dlt's state lie
in ``landing/<source>/<table>/`` of the home, readable by their owner only.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.sources.declare import DeclaredTable

if TYPE_CHECKING:
    from dlt.extract import DltResource
    from sqlalchemy import Table

_PASSWORD = re.compile(r"(?<=:)[^:@/]+(?=@)")


def extraction_folder(settings: Settings, source: str, table: str = "") -> Path:
    """Return where the files of a source, or of one of its tables, wait to be landed."""
    return settings.landing_dir / source / table


def extract(settings: Settings, table: DeclaredTable, *, is_sample: bool = False) -> dict[str, Path]:
    """Fetch what is new of a table and return the files that wait, by their names.

    A table without a cursor is fetched whole, and its newest copy stands for the table: its name is always the same.

    Args:
        settings: name the folder.
        table: what to fetch.
        is_sample: whether the first rows are enough, to look at them.

    Raises:
        UserError: the database or web service cannot be reached, or the table is not in it.
    """
    folder = extraction_folder(settings, table.source, table.name)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _run(table, folder, is_sample=is_sample)
    files = sorted((folder / "files" / table.name).glob("*.parquet"))
    if table.rule.cursor or not files:
        return {f"{file.stem}.parquet": file for file in files}
    # Names are <package>.<part>, and packages are numbered by time.
    newest = [file for file in files if file.stem.rpartition(".")[0] == files[-1].stem.rpartition(".")[0]]
    for older in files[: -len(newest)]:
        older.unlink()
    return {f"{table.name}.parquet": _one_file(newest)}


def _one_file(parts: list[Path]) -> Path:
    """Return the parts of a copy as one file; if this is broken off, the next copy takes its place."""
    first, *others = parts
    if others:
        whole = first.with_suffix(".whole")
        duckdb.from_parquet([str(part) for part in parts]).write_parquet(str(whole))
        whole.replace(first)
        for part in others:
            part.unlink()
    return first


def reset(settings: Settings, table: DeclaredTable) -> None:
    """Forget how far a table was read, so that the next extraction begins anew."""
    shutil.rmtree(extraction_folder(settings, table.source, table.name), ignore_errors=True)


def check_database(url: str) -> None:
    """Stop if a SQLite file is not there: opening it would make an empty one.

    Raises:
        UserError: it is not there, or the URL is none.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UserError(f"{without_password(url)} is no SQLAlchemy URL, such as sqlite:////data/shop.db.") from None
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        raise UserError(f"There is no SQLite database at {parsed.database}: put it there, or change the location.")


def without_password(location: str) -> str:
    """Return a URL that may be shown."""
    return _PASSWORD.sub("***", location)


def _run(table: DeclaredTable, folder: Path, *, is_sample: bool) -> None:
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"
    # Columns keep their names, whatever their script; completed packages leave nothing behind.
    os.environ["SCHEMA__NAMING"] = "direct"
    os.environ["LOAD__DELETE_COMPLETED_JOBS"] = "true"
    import dlt
    from dlt.common.exceptions import DltException

    location = table.rule.resolved_location()
    if table.rule.format == "database":
        check_database(location)
    pipeline = dlt.pipeline(
        f"{table.source}__{table.name}",
        pipelines_dir=str(folder / "state"),
        destination=dlt.destinations.filesystem(
            bucket_url=folder.as_uri(), layout="{table_name}/{load_id}.{file_id}.{ext}"
        ),
        dataset_name="files",
    )
    try:
        resource = _database_table(table, location) if table.rule.format == "database" else _web_table(table, location)
        if is_sample:
            resource.add_limit(1)
        pipeline.run(resource, loader_file_format="parquet", write_disposition="append")
    except (DltException, *_connection_errors()) as error:
        raise UserError(_explain(table, location, error)) from None


def _database_table(table: DeclaredTable, location: str) -> DltResource:
    import dlt
    from dlt.sources.sql_database import sql_table

    resource = sql_table(
        credentials=location,
        table=table.rule.table or table.name,
        backend="pyarrow",
        reflection_level="full_with_precision",
        incremental=dlt.sources.incremental(table.rule.cursor, on_cursor_value_missing="include")
        if table.rule.cursor
        else None,
        table_adapter_callback=_as_sqlite_writes_times,
    )
    return resource.with_name(table.name)


def _as_sqlite_writes_times(table: Table) -> None:
    """Compare SQLite's times, which are text, without a fraction of a second.

    SQLAlchemy would ask for times from ``10:00:00.000000`` on, and ``10:00:00`` as text comes before it: a row with the time of the
    last one that was read would never be.
    """
    from sqlalchemy.dialects import sqlite
    from sqlalchemy.types import DateTime

    whole_seconds = sqlite.DATETIME(
        storage_format="%(year)04d-%(month)02d-%(day)02d %(hour)02d:%(minute)02d:%(second)02d"
    )
    for column in table.columns:
        if isinstance(column.type, DateTime):
            column.type = column.type.with_variant(whole_seconds, "sqlite")


def _web_table(table: DeclaredTable, location: str) -> DltResource:
    from dlt.sources.rest_api import rest_api_resources

    config: Any = {
        "client": {"base_url": location},
        "resources": [{"name": table.name, "endpoint": {"path": ""}, "max_table_nesting": 0}],
    }
    (resource,) = rest_api_resources(config)
    return resource


def _connection_errors() -> tuple[type[Exception], ...]:
    from requests import RequestException
    from sqlalchemy.exc import SQLAlchemyError

    return SQLAlchemyError, RequestException, ModuleNotFoundError


def _explain(table: DeclaredTable, location: str, error: BaseException) -> str:
    """Return the innermost reason, without a password."""
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__  # ty: ignore[invalid-assignment]
    first_line, *_ = [*str(error).splitlines(), ""]
    reason = f"{type(error).__name__}: {first_line}"
    return (
        f"{table.source}: {without_password(location)} cannot be read for raw.{table.raw_name} ({without_password(reason)}). "
        "Check that it runs, the address and the table's name; nothing was lost, and the next run reads on from here."
    )
