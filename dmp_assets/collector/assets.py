"""What was collected as assets of the raw layer: events without direct identifiers, and what was refused."""

import datetime as dt
import time
from collections.abc import Iterator, Sequence

import dagster as dg
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES
from dagster._core.storage.tags import SENSOR_NAME_TAG

from dmp_assets.collector.load import EVENTS, REJECTED_EVENTS, load_segments
from dmp_assets.collector.sections import sections
from dmp_assets.collector.segments import DAMAGED, SEALED_SUFFIX, SIMULATED, damaged_segments, sealed_segments
from dmp_assets.platform.domain import Domain
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.tables import EMPTY_BECAUSE
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.sources.declare import LOAD_COLUMNS, RAW

NEWEST_SEGMENT = "dmp/newest_segment"
"""Tag of a load that the sensor asked for: the newest segment that waited then."""

FIRST_WAIT_SECONDS = 60
LONGEST_WAIT_SECONDS = 3600
"""How long after a load that failed the next one is asked for: twice as long each time, at most an hour."""

EVENT_TABLES = {
    "events": (EVENTS, "Events that clients sent to the collector, without direct identifiers, one row per receipt."),
    "rejected_events": (REJECTED_EVENTS, "Events that the collector or the load refused, with the reason."),
}


_NO_EVENTS = {
    "events": "The collector has received no event yet, and no simulated one was written.",
    "rejected_events": "No event was refused.",
}


_WHOLE = dg.AssetCheckSpec(
    "every_segment_is_whole",
    asset=dg.AssetKey([RAW, "events"]),
    description="No segment of the collector is damaged; one that is waits in the folder damaged for a whole copy.",
)


_KEPT = dg.AssetCheckSpec(
    "events_keep_events_yml",
    asset=dg.AssetKey([RAW, "events"]),
    description="Events hold what the project's events.yml asks for; without that file nothing is asked.",
)

_VIOLATIONS = """
    with violations as (
        select source, event_name, violation from raw.events where violation is not null
        union all
        select source, null, violation from raw.rejected_events where violation is not null
    )
    select source, coalesce(event_name, '(in quarantine)') as event_name, violation, count(*) as events
    from violations
    group by all
    order by events desc, source, event_name, violation
    limit 100
"""


def _check_plan(warehouse: Warehouse) -> dg.AssetCheckResult:
    found = warehouse.query(_VIOLATIONS)
    rows = [dg.TableRecord({name: str(value) for name, value in row.items()}) for row in found.to_dict("records")]
    schema = dg.TableSchema([dg.TableColumn(name) for name in found.columns])
    return dg.AssetCheckResult(
        passed=found.empty,
        asset_key=_KEPT.asset_key,
        check_name=_KEPT.name,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{found['events'].sum():,} events break events.yml."
        if len(found)
        else "No event breaks events.yml.",
        metadata={"violations": dg.MetadataValue.table(rows, schema)},
    )


def _event_spec(name: str, segments: Sequence[dg.AssetKey]) -> dg.AssetSpec:
    columns, description = EVENT_TABLES[name]
    return dg.AssetSpec(
        [RAW, name],
        deps=segments,
        description=f"{description} Append-only; each sealed segment once.",
        group_name=RAW,
        owners=["team:data-engineering"],
        kinds={"duckdb"},
        metadata={"dagster/table_name": f"{RAW}.{name}", "dagster/column_schema": _event_schema(columns)},
    )


def _event_schema(columns: dict[str, str]) -> dg.TableSchema:
    return dg.TableSchema([dg.TableColumn(name, kind) for name, kind in {**columns, **LOAD_COLUMNS}.items()])


def events_step(segments: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """Return the step that loads the sealed segments, after the assets that write some."""

    @dg.multi_asset(specs=[_event_spec(name, segments) for name in EVENT_TABLES], check_specs=[_WHOLE, _KEPT])
    def load_events(
        warehouse: Warehouse, settings: dg.ResourceParam[Settings]
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        """Load what the collector has sealed; direct identifiers go to the vault."""
        load = load_segments(warehouse, settings, now=dt.datetime.now(dt.UTC).replace(tzinfo=None))
        for name, total, added in (
            ("events", load.events_total, load.events_added),
            ("rejected_events", load.rejected_total, load.rejected_added),
        ):
            yield dg.MaterializeResult(
                asset_key=dg.AssetKey([RAW, name]),
                metadata={
                    "dagster/row_count": total,
                    "rows_added": added,
                    "segments_added": load.segments,
                    **({} if total else {EMPTY_BECAUSE: _NO_EVENTS[name]}),
                },
            )
        yield _check_damaged(settings)
        yield _check_plan(warehouse)

    return load_events


def _check_damaged(settings: Settings) -> dg.AssetCheckResult:
    damaged = damaged_segments(settings.collector_dir)
    return dg.AssetCheckResult(
        passed=not damaged,
        asset_key=_WHOLE.asset_key,
        check_name=_WHOLE.name,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{len(damaged)} segment(s) are damaged and were set aside in {settings.collector_dir / DAMAGED}. Put a whole "
        f"copy of each into {settings.collector_dir / 'sealed'} from a backup, where the next load takes it; then, or if there is "
        "none, remove it from there."
        if damaged
        else "Every segment was read to its end.",
        metadata={"damaged_segments": [path.name for path in damaged]},
    )


@dg.sensor(
    target=dg.AssetSelection.assets([RAW, "events"], [RAW, "rejected_events"]),
    minimum_interval_seconds=60,
    description="Loads the collector's sealed segments as they come, one load at a time, and again if a load failed; off until "
    "someone switches it on.",
)
def new_segments(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.RunRequest | dg.SkipReason:
    """Ask for a load when sealed segments wait: at once for a new one, later and later for those that were asked for before."""
    waiting = sealed_segments(settings.collector_dir)
    if not waiting:
        return dg.SkipReason("No sealed segment waits to be loaded.")
    at_work = dg.RunsFilter(tags={SENSOR_NAME_TAG: context.sensor_name}, statuses=list(NOT_FINISHED_STATUSES))
    if context.instance.get_runs(at_work, limit=1):
        return dg.SkipReason("A load is at work.")
    tags = {NEWEST_SEGMENT: waiting[-1].name}
    attempts = context.instance.get_run_records(dg.RunsFilter(tags=tags))
    if attempts:
        ended = max(record.end_time or record.create_timestamp.timestamp() for record in attempts)
        wait = ended + min(FIRST_WAIT_SECONDS * 2 ** (len(attempts) - 1), LONGEST_WAIT_SECONDS) - time.time()
        if wait > 0:
            return dg.SkipReason(
                f"{len(attempts)} load(s) left {waiting[-1].name} where it is: asked for again in {wait:.0f} s."
            )
    return dg.RunRequest(run_key=f"{waiting[-1].name}:{len(attempts)}", tags=tags)


def domain(settings: Settings, segments: Sequence[dg.AssetKey]) -> Domain:
    """Return the load of the events.

    Args:
        settings: name the collector's folder.
        segments: assets that write sealed segments, and come before the load.
    """

    def collected() -> Iterator[str]:
        # Waiting or loaded: loading one changes nothing that was built from it.
        names = {path.name for path in settings.collector_dir.glob(f"*/*{SEALED_SUFFIX}")}
        yield from sorted(name for name in names if SIMULATED not in name)

    return Domain(
        assets=(events_step(segments),),
        sensors=(new_segments,),
        sections=sections(settings.dbt_project_dir),
        depends_on=collected,
    )
