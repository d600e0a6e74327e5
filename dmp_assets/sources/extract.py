"""Fetch rows of databases and web services as Parquet files that are then landed like any other file.

What was fetched and not landed is fetched again, so that no row is lost and none is counted twice. The files lie in the process'
own private folder (`Settings.spill_dir`) until they are landed; what a killed process leaves is removed at the next start.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import duckdb

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.sources.database import NOTHING, Since, fetch
from dmp_assets.sources.declare import DeclaredTable
from dmp_assets.sources.secrets import hidden, without_password

if TYPE_CHECKING:
    import requests
    from dlt.extract import DltResource

_SAMPLE_ROWS = 50_000


def extraction_folder(settings: Settings, source: str, table: str = "") -> Path:
    """Return where this process keeps the files of a source, or of one of its tables, until they are landed."""
    return settings.spill_dir / source / table


def extract(
    settings: Settings, table: DeclaredTable, since: Since = NOTHING, *, is_sample: bool = False
) -> dict[str, Path]:
    """Fetch what is new of a table and return the files that wait, by their names.

    A table without a cursor is fetched whole, and its copy stands for the table: its name is always the same.

    Args:
        settings: name the folder.
        table: what to fetch.
        since: what was read before of a table with a cursor.
        is_sample: whether the first rows are enough, to look at them.

    Raises:
        UserError: the database or web service cannot be reached, or the table is not in it.
    """
    folder = extraction_folder(settings, table.source, table.name)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if table.rule.format == "web":
        return _from_web(table, folder, is_sample=is_sample)
    file = folder / f"{table.name}.parquet"
    rows = _from_database(table, file, since, is_sample=is_sample)
    return {file.name: file} if rows or not table.rule.cursor else {}


def _from_database(table: DeclaredTable, file: Path, since: Since, *, is_sample: bool) -> int:
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return fetch(table.rule, file, since, limit=_SAMPLE_ROWS if is_sample else None)
    except SQLAlchemyError as error:
        raise UserError(_explain(table, error)) from None


def _from_web(table: DeclaredTable, folder: Path, *, is_sample: bool) -> dict[str, Path]:
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"
    # Columns keep their names, whatever their script; completed packages leave nothing behind.
    os.environ["SCHEMA__NAMING"] = "direct"
    os.environ["LOAD__DELETE_COMPLETED_JOBS"] = "true"
    import dlt
    from dlt.common.exceptions import DltException
    from requests import RequestException

    pipeline = dlt.pipeline(
        f"{table.source}__{table.name}",
        pipelines_dir=str(folder / "state"),
        destination=dlt.destinations.filesystem(
            bucket_url=folder.as_uri(), layout="{table_name}/{load_id}.{file_id}.{ext}"
        ),
        dataset_name="files",
    )
    try:
        resource = _web_resource(table)
        if is_sample:
            resource.add_limit(1)
        pipeline.run(resource, loader_file_format="parquet", write_disposition="append")
    except (DltException, RequestException) as error:
        raise UserError(_explain(table, error)) from None
    files = sorted((folder / "files" / table.name).glob("*.parquet"))
    if not files:
        return {}
    # Names are <package>.<part>, and packages are numbered by time.
    newest = [file for file in files if file.stem.rpartition(".")[0] == files[-1].stem.rpartition(".")[0]]
    for older in files[: -len(newest)]:
        older.unlink()
    return {f"{table.name}.parquet": _one_file(newest)}


def _web_resource(table: DeclaredTable) -> DltResource:
    from dlt.sources.rest_api import rest_api_resources

    address = table.rule.resolved_location()
    config: Any = {
        "client": {"base_url": address, "session": _session({urlsplit(address).hostname, *table.rule.redirects})},
        "resources": [{"name": table.name, "endpoint": {"path": ""}, "max_table_nesting": 0}],
    }
    (resource,) = rest_api_resources(config)
    return resource


def _session(hosts: set[str | None]) -> requests.Session:
    """Return a session that follows redirects within some hosts only: others would be told keys and could send anything."""
    from dlt.sources.helpers.requests import Client
    from requests import RequestException

    session = Client().session
    target_of = session.get_redirect_target

    def target(resp: requests.Response) -> str | None:
        found = target_of(resp)
        host = urlsplit(urljoin(resp.url, found)).hostname if found else None
        if host and host not in hosts:
            raise RequestException(
                f"it leads on to {host}; if that is right, add it to redirects of the source's load entry"
            )
        return found

    # Not a hook: those of a request take the place of the session's.
    session.get_redirect_target = target
    return session


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


def _explain(table: DeclaredTable, error: BaseException) -> str:
    """Return the innermost reason, without anything that opens a door."""
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__  # ty: ignore[invalid-assignment]
    first_line, *_ = [*str(error).splitlines(), ""]
    reason = hidden(f"{type(error).__name__}: {first_line}", table.rule.location)
    return (
        f"{table.source}: {without_password(table.rule.location)} cannot be read for raw.{table.raw_name} ({reason}). Check that "
        "it runs, the address and the table's name; nothing was lost, and the next run reads on from here."
    )
