"""A user's table that is declared, and what was landed of it."""

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb

from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.sources.declare import DeclaredTable, LoadRule
from dmp_assets.sources.land import Landing, land_files
from dmp_assets.sources.read import files_at

NOW = dt.datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - the raw layer keeps UTC without a time zone
COLUMNS = {"customer": "VARCHAR", "amount": "VARCHAR"}


class Shop:
    """A source with one table, whose files lie in a folder, and a warehouse to land them in."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(home=folder / "home")
        self.settings.home.mkdir()
        self.warehouse = Warehouse.from_settings(self.settings)
        self.folder = folder / "files"
        self.folder.mkdir()

    def table(self, columns: dict[str, str] | None = None, /, **rule: Any) -> DeclaredTable:
        load = {"location": str(self.folder), "format": "csv", "contract": "order_lines"} | rule
        return DeclaredTable(
            "shop", "orders", "Orders.", COLUMNS if columns is None else columns, LoadRule.model_validate(load)
        )

    def write(self, name: str, content: str | bytes) -> Path:
        file = self.folder / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    def land(self, table: DeclaredTable | None = None, *, now: dt.datetime = NOW) -> Landing:
        table = table or self.table()
        assert table.rule.file_format
        files = files_at(table.rule.location, table.rule.file_format)
        return land_files(self.warehouse, self.settings, table, files, now=now)

    def rows(self, sql: str = "select customer, amount, _file, _row from raw.shop__orders order by all") -> list[tuple]:
        with duckdb.connect(self.warehouse.database) as connection:
            return connection.execute(sql).fetchall()
