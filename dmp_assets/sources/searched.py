"""What was loaded before the project's identifier words or telephone countries changed, and is not there to be loaded again."""

from __future__ import annotations

import duckdb

from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import columns_of, has_table
from dmp_assets.privacy.texts import own_search

COLLECTOR = "collector"


def searched_otherwise(connection: duckdb.DuckDBPyConnection, settings: Settings, source: str | None) -> list[str]:
    """Return in sentences which loads of a source, or of every one, were searched for other identifiers than the project names now.

    Files at their place are loaded again by the next build.
    """
    if not has_table(connection, "raw._loads") or "search" not in columns_of(connection, "raw._loads"):
        return []
    loads = connection.execute(
        "select source, coalesce(search, ''), count(*), max(loaded_at)::date from raw._loads where source = ? or ? is null "
        "group by all order by all",
        [source, source],
    ).fetchall()
    return [
        f"{name}: {count:,} loads until {day} were searched for identifiers before identifier_words or phone_countries changed: "
        f"{_way_out(name)}"
        for name, search, count, day in loads
        if search != own_search(settings, None if name == COLLECTOR else name)
    ]


def _way_out(source: str) -> str:
    if source == COLLECTOR:
        return "`dmp rebuild --from-archive` loads all events anew"
    return (
        "`dmp build` loads files again that are at their place; put back those that are not, and for a database say "
        f"`dmp remove-source {source}` and `dmp add-source {source}`"
    )
