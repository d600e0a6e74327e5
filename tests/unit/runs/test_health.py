import datetime as dt
import subprocess
import sys

import dagster as dg
import duckdb
import pytest

from dmp_assets.platform.automation import cadence_tag
from dmp_assets.platform.gate import gate_of
from dmp_assets.runs.health import Finding, disk, findings, history, level
from dmp_assets.runs.made import record_made
from dmp_assets.runs.watched import watched_of


class Shop:
    def __init__(self, settings, instance):
        self.settings, self.instance = settings, instance
        self.assets = []

    def run(self, *, passes=True, fails=False):
        @dg.asset(
            key=["marts", "orders"],
            check_specs=[dg.AssetCheckSpec("positive", asset=["marts", "orders"], blocking=True)],
        )
        def orders():
            if fails:
                raise ValueError("jane@example.com")
            check = dg.AssetCheckResult(passed=passes, description="jane@example.com is negative")
            yield dg.MaterializeResult(check_results=[check])

        @dg.asset(key=["marts", "trained"], tags=cadence_tag("weekly"), deps=[orders])
        def trained():
            pass

        self.assets = [orders, trained]
        dg.materialize(self.assets, instance=self.instance, raise_on_error=False)

    def found(self, **passed):
        now = dt.datetime.now(dt.UTC) + dt.timedelta(**passed)
        watched = watched_of(gate_of(self.assets), (spec for asset in self.assets for spec in asset.specs))
        return findings(self.settings, self.instance, watched, now)


@pytest.fixture
def shop(settings, instance):
    return Shop(settings, instance)


def test_a_new_home_and_a_good_run_are_well(shop):
    assert shop.found() == []
    shop.run()
    assert shop.found() == []
    assert level([]) == 0


def test_a_failed_run_and_a_failed_check_are_told_without_what_the_data_held(shop):
    shop.run(passes=False)
    shop.run(fails=True)
    found = shop.found()
    assert [(each.cause, each.is_urgent) for each in found] == [
        ("run:__ephemeral_asset_job__", True),
        ("check:marts/orders:positive", True),
    ]
    assert "failed in marts__orders" in found[0].text
    assert "jane" not in str(found)
    assert level(found) == 2
    shop.run()
    assert shop.found() == []


def test_late_assets_are_told_by_cadence(shop):
    shop.run()
    assert shop.found(hours=35) == []
    (late,) = shop.found(hours=37)
    assert late.cause == "late:daily"
    assert "marts/orders was made 37 hours ago" in late.text
    assert level([late]) == 1
    assert [each.cause for each in shop.found(days=10)] == ["late:daily", "late:weekly"]


def test_what_is_missing_of_the_last_build_and_a_cut_warehouse_are_told(shop, settings):
    with duckdb.connect(settings.warehouse_path) as connection:
        connection.execute("create schema marts; create table marts.orders as select 1 as a")
    record_made(settings, "run")
    assert shop.found() == []
    with duckdb.connect(settings.warehouse_path) as connection:
        connection.execute("delete from marts.orders")
    (gone,) = shop.found()
    assert "marts.orders has 0 rows" in gone.text
    settings.warehouse_path.write_bytes(settings.warehouse_path.read_bytes()[:5000])
    (cut,) = shop.found()
    assert "is damaged" in cut.text
    assert cut.is_urgent


def test_refused_rows_and_events_above_the_rate_are_told(shop, settings):
    with duckdb.connect(settings.warehouse_path) as connection:
        connection.execute(
            """
            create schema quarantine; create schema raw;
            create table quarantine.source_totals as
            from (values ('shop', 'order_lines', 'a', true, 90), ('shop', 'order_lines', 'no_date', false, 10),
                ('till', 'order_lines', 'a', true, 99), ('till', 'order_lines', 'no_date', false, 1))
                as totals (source, contract_table, outcome, is_accepted, row_count);
            create table raw.events as select 'web' as source, now() at time zone 'UTC' as _loaded_at from range(3);
            create table raw.rejected_events as
            select 'web' as source, now() at time zone 'UTC' - to_hours(n * 30) as _loaded_at from range(2) as r (n)
            """
        )
    assert [each.text for each in shop.found()] == [
        "10 of 100 order_lines from shop were refused, 10%; `dmp quarantine list` says why.",
        "1 of 4 events loaded in the last day from web were refused, 25%; `dmp quarantine list` says why.",
    ]


def test_a_disk_that_is_nearly_full_is_told(settings):
    assert list(disk(settings)) == []
    (low,) = disk(settings.model_copy(update={"min_free_gb": 100_000}))
    assert "GB are free" in low.text


def test_a_damaged_history_is_told_before_dagster_opens_it(shop, settings):
    shop.run()
    assert list(history(settings)) == []
    file = settings.dagster_home / "history" / "runs" / "index.db"
    file.write_bytes(file.read_bytes()[:6000])
    (damaged,) = history(settings)
    assert "index.db" in damaged.text
    assert "move its folders history and schedules away" in damaged.text
    assert level([damaged, Finding("late:daily", False, "late")]) == 2


def test_health_needs_neither_the_graph_nor_dbt_nor_pandas():
    program = (
        "import sys; import dmp_assets.runs.alerts, dmp_assets.runs.start, dmp_assets.dbt.project; print(*sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert {"dmp_assets.runs.health", "dagster"} <= set(said)
    assert not {"dmp_assets.definitions", "dagster_dbt", "pandas", "sklearn"} & set(said)
