"""The raw layer: the tables of every source as they arrived."""

import datetime as dt
from collections.abc import Iterator

import dagster as dg

from dmp_assets.collection import complete_journey
from dmp_assets.collection.events import EVENTS, LOAD, REJECTED_EVENTS, load_segments
from dmp_assets.collection.loader import LOAD_COLUMNS, SourceTable, check_file, load_file
from dmp_assets.collection.sources import listed_sources
from dmp_assets.collector.segments import sealed_segments
from dmp_assets.settings import get_settings
from dmp_assets.simulation import assets as simulation
from dmp_assets.warehouse import Warehouse

LAYER = "raw"


def raw_key(table: SourceTable) -> dg.AssetKey:
    """Return the asset key of a source's table."""
    return dg.AssetKey([LAYER, table.raw_name])


def _spec(table: SourceTable) -> dg.AssetSpec:
    return dg.AssetSpec(
        raw_key(table),
        description=f"{table.description} As it arrived from the source {table.source}, append-only.",
        group_name=LAYER,
        owners=["team:data-engineering"],
        kinds={"parquet", "duckdb"},
        metadata={"dagster/table_name": f"{LAYER}.{table.raw_name}", "dagster/column_schema": _column_schema(table)},
        skippable=True,
    )


def _column_schema(table: SourceTable) -> dg.TableSchema:
    return dg.TableSchema([dg.TableColumn(name, kind) for name, kind in {**table.columns, **LOAD_COLUMNS}.items()])


@dg.multi_asset(
    name="load_complete_journey", specs=[_spec(table) for table in complete_journey.TABLES], can_subset=True
)
def load_complete_journey(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    """Check every file first, then load each table in a transaction of its own."""
    settings = get_settings()
    folder = complete_journey.data_folder(settings.complete_journey_dir)
    selected = [table for table in complete_journey.TABLES if raw_key(table) in context.selected_asset_keys]
    with warehouse.write() as connection:
        for table in selected:
            check_file(connection, table, folder)
    for table in selected:
        with warehouse.write() as connection:
            now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
            load = load_file(connection, table, folder, sample_percent=settings.sample_percent, now=now)
        yield dg.MaterializeResult(
            asset_key=raw_key(table),
            metadata={
                "dagster/row_count": load.rows_total,
                "dagster/column_schema": _column_schema(table),
                "rows_added": load.rows_added,
                "load_id": load.load_id,
                "file": table.file(folder).name,
                "sample_percent": settings.sample_percent if table.sample else 100,
            },
        )


EVENT_TABLES = {
    "events": (EVENTS, "Events that clients sent to the collector, without direct identifiers, one row per receipt."),
    "rejected_events": (REJECTED_EVENTS, "Events that the collector or the load refused, with the reason."),
}


def _event_spec(name: str) -> dg.AssetSpec:
    columns, description = EVENT_TABLES[name]
    return dg.AssetSpec(
        [LAYER, name],
        # The simulated segment of the demo is loaded in the run that writes it.
        deps=[simulation.SEGMENT_KEY] if simulation.TABLES else [],
        description=f"{description} Append-only; each sealed segment once.",
        group_name=LAYER,
        owners=["team:data-engineering"],
        kinds={"duckdb"},
        metadata={"dagster/table_name": f"{LAYER}.{name}", "dagster/column_schema": _event_schema(columns)},
    )


def _event_schema(columns: dict[str, str]) -> dg.TableSchema:
    return dg.TableSchema([dg.TableColumn(name, kind) for name, kind in {**columns, **LOAD}.items()])


@dg.multi_asset(name="load_events", specs=[_event_spec(name) for name in EVENT_TABLES])
def load_events(warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    """Load what the collector has sealed; direct identifiers go to the vault."""
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    load = load_segments(warehouse, get_settings(), now=now)
    for name, total, added in (
        ("events", load.events_total, load.events_added),
        ("rejected_events", load.rejected_total, load.rejected_added),
    ):
        yield dg.MaterializeResult(
            asset_key=dg.AssetKey([LAYER, name]),
            metadata={"dagster/row_count": total, "rows_added": added, "segments_added": load.segments},
        )


@dg.sensor(
    target=dg.AssetSelection.assets([LAYER, "events"], [LAYER, "rejected_events"]),
    minimum_interval_seconds=60,
    description="Loads the collector's sealed segments as they come; off until someone switches it on.",
)
def new_segments() -> dg.RunRequest | dg.SkipReason:
    """Ask for a load when sealed segments wait, once for the same newest one."""
    waiting = sealed_segments(get_settings().collector_dir)
    if not waiting:
        return dg.SkipReason("No sealed segment waits to be loaded.")
    return dg.RunRequest(run_key=waiting[-1].name)


ASSETS = (*((load_complete_journey,) if complete_journey.SOURCE in listed_sources() else ()), load_events)
"""What loads the listed sources and the collector's events."""
