"""The archive of loaded segments, from which a warehouse that was lost can be made again.

A loaded segment is emptied of direct identifiers and keeps their pseudonyms, so that loading it again gives the same rows.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from dmp_assets.collector.segments import SEALED_SUFFIX
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.files import sync_folder
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse, has_table

LOADED = "loaded"
"""The folder of loaded segments, within the collector's."""


def refuse_lost_warehouse(settings: Settings) -> None:
    """Stop if the archive has segments that the warehouse does not: it is new or older, and would be built without them.

    Raises:
        UserError: so it is; the message names the way out.
    """
    archived = {path.name for path in _archived(settings)}
    if archived and (lost := archived - _known(settings)):
        raise UserError(
            f"The warehouse {settings.warehouse_path} {_state(settings)}: the archive {settings.collector_dir / LOADED} holds "
            f"{len(lost)} of {len(archived)} segments of events that it lacks. Put back a newer copy of it, or run "
            "`dmp rebuild --from-archive`, which makes it again from the archive and the sources."
        )


def restore_archive(settings: Settings) -> int:
    """Let the next load read the whole archive again, and return the number of its segments."""
    segments = list(_archived(settings))
    for path in segments:
        path.rename(settings.collector_dir / "sealed" / path.name)
    if segments:
        sync_folder(settings.collector_dir / "sealed")
    return len(segments)


def set_aside(warehouse: Path) -> Path | None:
    """Give a warehouse that shall be made again another name, and return it; None if there is none."""
    if not warehouse.exists():
        return None
    aside = warehouse.with_name(f"{warehouse.name}.before")
    for ending in ("", ".wal"):
        part = warehouse.with_name(warehouse.name + ending)
        aside.with_name(aside.name + ending).unlink(missing_ok=True)
        if part.exists():
            part.rename(aside.with_name(aside.name + ending))
    return aside


def _archived(settings: Settings) -> list[Path]:
    return sorted((settings.collector_dir / LOADED).glob(f"*{SEALED_SUFFIX}"))


def _known(settings: Settings) -> set[str]:
    if not settings.warehouse_path.exists():
        return set()
    with Warehouse.from_settings(settings).read() as connection:
        if not has_table(connection, "raw._loads"):
            return set()
        return _names(connection)


def _names(connection: duckdb.DuckDBPyConnection) -> set[str]:
    rows = connection.execute("select file_name from raw._loads where table_name = 'events'").fetchall()
    return {name for (name,) in rows}


def _state(settings: Settings) -> str:
    return "is older than the events" if settings.warehouse_path.exists() else "is gone"
