"""The sensor that watches over the platform while the daemon runs: it sends alerts and removes old runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import dagster as dg

from dmp_assets.platform.gate import Gate
from dmp_assets.platform.settings import Settings
from dmp_assets.runs.alerts import has_channels, send_alerts
from dmp_assets.runs.health import findings
from dmp_assets.runs.retention import remove_old_runs
from dmp_assets.runs.watched import Watched, watched_of


def watch(instance: dg.DagsterInstance, settings: Settings, watched: Callable[[], Watched]) -> str:
    """Look after everything once, and return what was done in words.

    Args:
        instance: where runs are recorded.
        settings: of the platform.
        watched: returns what is watched of the graph; asked only if there is anyone to tell.
    """
    now = dt.datetime.now(dt.UTC)
    removed = remove_old_runs(instance, settings, now)
    told = send_alerts(settings, findings(settings, instance, watched(), now), now) if has_channels(settings) else []
    return f"{len(told)} alert(s) were sent, {removed} old run(s) were removed."


def watch_sensor(settings: Settings, gate: Gate, specs: Sequence[dg.AssetSpec]) -> dg.SensorDefinition:
    """Return the sensor; it is on from the start."""

    @dg.sensor(
        name="watch",
        minimum_interval_seconds=300,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Sends alerts where DMP_ALERT_* name someone to tell, and removes runs older than DMP_KEEP_RUNS_DAYS.",
    )
    def watching(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        return dg.SkipReason(watch(context.instance, settings, lambda: watched_of(gate, specs)))

    return watching
