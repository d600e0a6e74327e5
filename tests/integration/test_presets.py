"""Exports of shop systems, read by their presets, and what else a mapping can say: what the staging models make of small files."""

import datetime as dt
import os
import shutil
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dmp_assets.dbt.project_file import ProjectFile
from dmp_assets.onboarding.inspection import inspect
from dmp_assets.onboarding.mapping import RowFilter, TableMapping
from dmp_assets.onboarding.new_project import create_project
from dmp_assets.onboarding.plan import Said, change_project, plan_table, write_source
from dmp_assets.onboarding.preset import planned
from dmp_assets.onboarding.recognise import Reading
from dmp_assets.platform.home import prepare_home
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.sources.declare import source_tables
from dmp_assets.sources.land import load_table
from tests.conftest import run_dmp

EXPORTS = Path(__file__).parents[1] / "exports"
LIKE: dict[str, tuple[str, dict[str, Any]]] = {
    "stripe": ("stripe/charges.jsonl", {"time_zone": "UTC", "currency": "USD"}),
    "shopify": ("shopify/orders_export_1.csv", {"time_zone": "Europe/Berlin"}),
    "shopify-api": ("shopify-api/orders.json", {"time_zone": "America/New_York"}),
    "woocommerce": ("woocommerce/orders.csv", {"time_zone": "Europe/Berlin"}),
    "magento": ("sqlite:///{folder}/shop.db", {"time_zone": "Europe/Berlin"}),
    "square": ("square/items.csv", {"time_zone": "America/New_York", "currency": "USD"}),
    "online-retail": ("online-retail/online_retail_II.csv", {}),
    "olist": ("olist", {}),
    "taobao": ("taobao/UserBehavior.csv", {}),
    "instacart": ("instacart", {}),
    "ga4": ("ga4/events.jsonl", {"time_zone": "Europe/Berlin", "currency": "EUR"}),
    "german-till": ("german-till/journal.csv", {}),
}

class Shops:
    """A project with a source for each preset, built up to the staging layer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "exports"
        shutil.copytree(EXPORTS, self.folder)
        with sqlite3.connect(self.folder / "shop.db") as database:
            database.executescript((self.folder / "magento" / "shop.sql").read_text(encoding="utf-8"))
        self.project = folder / "shops"
        self.home = self.project / ".dmp"
        create_project(self.project)
        settings = self.settings = Settings(home=self.home, dbt_project_dir=self.project, threads=2, lock_timeout_seconds=5)
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("DMP_", "DAGSTER_"))}
        self.environment = clean | settings.environment()
        self.changes: dict[str, list[str]] = {}

    def add_like(self, name: str) -> None:
        place, said = LIKE[name]
        location = place.format(folder=self.folder) if "://" in place else str(self.folder / place)
        plans, notes = planned(name.replace("-", "_"), location, name, Said(**said), Reading())
        self.write(name, plans, notes)

    def lines(self, source: str, columns: str) -> list[tuple]:
        """Return columns of a source's order lines, in the order of its rows."""
        return self.query(f"select {columns} from staging.stg_{source}__order_lines order by _file, _row, order_line_id")

    def add(self, name: str, place: str, **said: Any) -> None:
        (found,) = inspect(str(self.folder / place))
        self.write(name, [plan_table(name, found, Said(**said), None)], [])

    def write(self, name, plans, notes) -> None:
        project = ProjectFile(self.project)
        changed = [change for plan in plans for change in change_project(project, plan, 1.0, None)]
        write_source(project, plans)
        self.changes[name] = [*changed, *notes]

    def load(self, *sources: str) -> None:
        """Load what is new of the sources, as a build does."""
        prepare_home(self.settings)
        for source in sources:
            for table in source_tables(self.project, source):
                now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
                landing = load_table(Warehouse.from_settings(self.settings), self.settings, table, now=now)
                assert not landing.damaged

    def dmp(self, *arguments: str) -> str:
        finished = run_dmp(self.environment, *arguments)
        assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr[-3000:]
        return finished.stdout

    def query(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self.home / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Shops:
    shops = Shops(tmp_path_factory.mktemp("presets"))
    for name in LIKE:
        shops.add_like(name)
    days = shops.folder / "days"
    days.mkdir()
    shutil.copy(shops.folder / "overlapping" / "day1.csv", days)
    shops.add("chain", "chain/sales.csv", contract="order_lines", mapping={"ordered_at": "local_time"})
    where = {"currency": "EUR", "time_zone": "Europe/Madrid"}
    shops.add("edited", "days", declared=TableMapping(whole_orders=True), **where)
    # Two shops with the same customers and products: each has its own orders.
    for name in ("north", "south"):
        shops.add(name, "overlapping/day1.csv", namespace="group", **where)
    shops.load(*(name.replace("-", "_") for name in shops.changes))
    for day in ("day2", "day3", "day1"):
        text = (shops.folder / "overlapping" / f"{day}.csv").read_text(encoding="utf-8")
        (days / f"{day}_again.csv").write_text(text.replace("total_amount", "amount"), encoding="utf-8")
        shops.load("edited")
    shops.dmp("build", "--layer", "raw")
    for layer in ("staging", "intermediate"):
        shops.dmp("build", "--layer", layer)
    return shops


def test_all(shops):
    for name in shops.changes:
        print("#####", name, *shops.changes[name], sep="\n  ")
        with duckdb.connect(str(shops.home / "warehouse.duckdb"), read_only=True) as connection:
            for table in ("order_lines", "products"):
                try:
                    frame = connection.sql(f"from staging.stg_{name.replace('-', '_')}__{table} order by _row").df()
                except duckdb.Error as e:
                    continue
                print(frame.dropna(axis=1, how="all").drop(columns=["_load_id", "_loaded_at", "source"]).to_string())
