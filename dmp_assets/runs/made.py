"""What the last whole build made, and whether it is still there as it was.

The build records the columns and rows of every table and the size of every published file in ``made.json`` in the home. "Nothing
changed" is said only where the record holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from dmp_assets.platform.files import write_atomically
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse, WarehouseLockedError

_VERSIONS = {"current", "versions"}
"""What in the folder of published files is reached by the names beside it."""


def made_file(settings: Settings) -> Path:
    """Return where the record lies."""
    return settings.home / "made.json"


def record_made(settings: Settings, run_id: str) -> None:
    """Record what there is now as what a run made.

    Raises:
        UserError: as `Warehouse.read`.
    """
    made = {"run_id": run_id, "tables": _tables(settings), "files": _files(settings)}
    write_atomically(made_file(settings), json.dumps(made, indent=1))


def made_by(settings: Settings) -> str | None:
    """Return the id of the run whose making is recorded."""
    made = _read(settings)
    return made["run_id"] if made else None


def changed_since_made(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each table and published file that is not as the last whole build left it; none without a record.

    Raises:
        UserError: the warehouse is damaged, or another process kept it locked.
    """
    made = _read(settings)
    if not made:
        return
    if not settings.warehouse_path.exists():
        yield f"The warehouse {settings.warehouse_path} is missing."
        return
    tables = _tables(settings)
    for name, was in made["tables"].items():
        now = tables.get(name)
        if now is None:
            yield f"The table {name} is missing from the warehouse."
        elif now["columns"] != was["columns"]:
            yield f"The table {name} has other columns than the last build made."
        elif now["rows"] != was["rows"]:
            yield f"The table {name} has {now['rows']:,} rows, and the last build made {was['rows']:,}."
    files = _files(settings)
    for name, size in made["files"].items():
        if name not in files:
            yield f"The published file {name} is missing."
        elif files[name] != size:
            yield f"The published file {name} has {files[name]:,} bytes, and the last build wrote {size:,}."


def _read(settings: Settings) -> dict[str, Any] | None:
    try:
        return json.loads(made_file(settings).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # what was cut is as good as none: the next build writes it anew
        return None


def _tables(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return each table's and view's columns, by name their type, and rows; of a view, whose query would have to run, none."""
    warehouse = Warehouse.from_settings(settings)
    with warehouse.read() as connection:
        columns = connection.execute(
            """
            select schema_name || '.' || table_name, column_name, data_type from duckdb_columns() where not internal
            order by 1, column_index
            """
        ).fetchall()
    rows = warehouse.row_counts()
    tables: dict[str, dict[str, Any]] = {}
    for table, column, kind in columns:
        tables.setdefault(table, {"rows": rows.get(table), "columns": {}})["columns"][column] = kind
    return tables


def _files(settings: Settings) -> dict[str, int]:
    """Return the size in bytes of every published file, by its name below the folder of published files."""
    folder = settings.published_dir
    found: dict[str, int] = {}
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.name not in _VERSIONS and entry.exists():
            for file in entry.rglob("*") if entry.is_dir() else (entry,):
                if file.is_file():
                    found[file.relative_to(folder).as_posix()] = file.stat().st_size
    return dict(sorted(found.items()))


def refuse_damage(settings: Settings) -> None:
    """Stop where a build could not mend what is wrong with the home.

    Raises:
        UserError: the warehouse or the vault cannot be opened, or the archive has events that the warehouse lacks; the message says
            why and what to do. One that another process has open is sound as far as anybody can tell.
    """
    from dmp_assets.collector.archive import refuse_lost_warehouse
    from dmp_assets.privacy.keys import read_keys
    from dmp_assets.privacy.vault import count_identifiers

    if settings.warehouse_path.exists():
        with suppress(WarehouseLockedError), Warehouse.from_settings(settings).without_patience().read():
            pass
    with suppress(WarehouseLockedError):
        refuse_lost_warehouse(settings)
    if settings.vault_path.exists():
        count_identifiers(settings, read_keys(settings))
