"""What the sources leave open, as the warehouse shows it: in sentences, each with what settles it."""

from __future__ import annotations

import duckdb

from dmp_assets.platform.settings import Settings
from dmp_assets.sources.catalogue import missing_products
from dmp_assets.sources.declare import declared_tables, listed_sources
from dmp_assets.sources.dominant_customers import dominant_customers
from dmp_assets.sources.newer_files import open_questions
from dmp_assets.sources.searched import searched_otherwise


def open_notes(connection: duckdb.DuckDBPyConnection, settings: Settings, *, source: str | None = None) -> list[str]:
    """Return what a source, or every one, leaves open; each of the modules that are read here says what."""
    notes = searched_otherwise(connection, settings, source)
    for table in declared_tables(settings):
        if source in (None, table.source) and table.mapping:
            notes += [*open_questions(connection, table), *dominant_customers(connection, table)]
    for name, tables in listed_sources(settings).items():
        if source in (None, name) and "order_lines" in tables:
            notes += missing_products(connection, name)
    return notes
