"""Load one declared table: find or fetch its files, land them."""

from __future__ import annotations

import datetime as dt

from dmp_assets.collection.extraction import extract, reset
from dmp_assets.collection.landing import Landing, create_tables, land_files
from dmp_assets.collection.reading import files_at
from dmp_assets.collection.sources import DeclaredTable
from dmp_assets.settings import Settings
from dmp_assets.warehouse import Warehouse


def load_table(warehouse: Warehouse, settings: Settings, table: DeclaredTable, *, now: dt.datetime) -> Landing:
    """Load what is new of a declared table; see `land_files`.

    Raises:
        UserError: its place is empty or cannot be reached.
    """
    if table.rule.file_format:
        files = files_at(table.rule.resolved_location(), table.rule.file_format)
        return land_files(warehouse, settings, table, files, now=now)
    with warehouse.write() as connection:
        create_tables(connection, table)
        ((loads,),) = connection.execute(
            "select count(*) from raw._loads where table_name = ?", [table.raw_name]
        ).fetchall()
    if not loads:
        # Another warehouse than the one that dlt remembers having filled.
        reset(settings, table)
    files = extract(settings, table)
    landing = land_files(warehouse, settings, table, files, now=now)
    if not landing.damaged:
        for file in files.values():
            file.unlink()
    return landing
