"""When things run: the daily refresh, a refresh of each layer, and how fresh every asset must be.

What lives here: jobs, schedules, freshness. Nothing that computes.
"""

from __future__ import annotations

from datetime import timedelta

import dagster as dg

LAYERS = (
    "raw",
    "staging",
    "intermediate",
    "quarantine",
    "marts",
    "clusters",
    "profiles",
    "similarity",
    "forecasts",
    "published",
)

REFRESH = "refresh"

FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=36), warn_window=timedelta(hours=26))
"""The daily refresh leaves every asset at most a day old; two hours of grace before the warning, one missed run to fail."""


def jobs() -> list[dg.UnresolvedAssetJobDefinition]:
    """Return the job that refreshes everything and one job per layer."""
    everything = dg.define_asset_job(
        REFRESH, dg.AssetSelection.all(), description="Load, build, check and publish the whole graph."
    )
    layers = [
        dg.define_asset_job(
            f"{REFRESH}_{layer}",
            dg.AssetSelection.groups(layer),
            description=f"Rebuild and check the layer {layer} from what is upstream of it.",
        )
        for layer in LAYERS
    ]
    return [everything, *layers]


def schedules() -> list[dg.ScheduleDefinition]:
    """Return the daily refresh; it is off until someone switches it on in the UI."""
    return [
        dg.ScheduleDefinition(
            name="daily_refresh",
            job_name=REFRESH,
            cron_schedule="0 5 * * *",
            execution_timezone="America/New_York",
            description="The whole graph, every morning at 05:00 store time.",
        )
    ]
