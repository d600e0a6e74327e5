"""What the sources leave open, as the warehouse shows it: in sentences, each with what settles it."""

from __future__ import annotations

import duckdb

from dmp_assets.platform.settings import Settings
from dmp_assets.sources.declare import declared_tables
from dmp_assets.sources.newer_files import open_questions


def open_notes(connection: duckdb.DuckDBPyConnection, settings: Settings, *, source: str | None = None) -> list[str]:
    """Return what a source, or every one, leaves open: of newer files, see `newer_files`."""
    return [
        note
        for table in declared_tables(settings)
        if source in (None, table.source)
        for note in open_questions(connection, table)
    ]
