"""When things run: the weekly rebuild, the daily refresh, a refresh of each layer, and how fresh every asset must be.

What lives here: cadences, jobs, schedules, freshness. Nothing that computes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from graphlib import TopologicalSorter
from statistics import fmean
from typing import Literal

import dagster as dg

REBUILD = "rebuild"
REFRESH = "refresh"

Cadence = Literal["daily", "weekly"]
"""Weekly: what is trained, chosen or compared, and changes slowly. Daily: everything else, which is served from it."""

WARN_AFTER: dict[str, timedelta] = {"daily": timedelta(hours=26), "weekly": timedelta(days=7, hours=2)}
LATE_AFTER: dict[str, timedelta] = {"daily": timedelta(hours=36), "weekly": timedelta(days=9)}
"""By cadence: two hours of grace before the warning, one missed run to be late."""

FRESHNESS: dict[str, dg.FreshnessPolicy] = {
    cadence: dg.FreshnessPolicy.time_window(fail_window=LATE_AFTER[cadence], warn_window=WARN_AFTER[cadence])
    for cadence in LATE_AFTER
}

_CADENCE = "dmp/cadence"


def cadence_tag(cadence: Cadence) -> dict[str, str]:
    """Return the asset tag that says how often an asset is made anew; an asset without one is daily."""
    return {_CADENCE: cadence}


def cadence_of(spec: dg.AssetSpec) -> str:
    """Return how often an asset is made anew."""
    return spec.tags.get(_CADENCE, "daily")


def with_freshness(spec: dg.AssetSpec) -> dg.AssetSpec:
    """Return the specification with the freshness policy of its cadence."""
    return dg.apply_freshness_policy(spec, FRESHNESS[cadence_of(spec)])


def layers_of(assets: Iterable[dg.AssetsDefinition]) -> list[str]:
    """Return the layers of a graph, each asset's group, by how far from the sources their assets lie on average."""
    specs = {spec.key: spec for asset in assets for spec in asset.specs}
    parents = {key: sorted(dep.asset_key for dep in specs[key].deps if dep.asset_key in specs) for key in sorted(specs)}
    depth: dict[dg.AssetKey, int] = {}
    distances: dict[str, list[int]] = defaultdict(list)
    for key in TopologicalSorter(parents).static_order():
        depth[key] = max((depth[parent] + 1 for parent in parents[key]), default=0)
        distances[str(specs[key].group_name)].append(depth[key])
    return sorted(distances, key=lambda layer: (fmean(distances[layer]), layer))


def jobs(layers: Iterable[str]) -> list[dg.UnresolvedAssetJobDefinition]:
    """Return the job that makes everything, the one that leaves out the weekly assets, and one job per layer."""
    everything = dg.AssetSelection.all()
    return [
        dg.define_asset_job(
            REBUILD, everything, description="Load, build, train, compare, check and publish the whole graph."
        ),
        dg.define_asset_job(
            REFRESH,
            everything - dg.AssetSelection.tag(_CADENCE, "weekly"),
            description="Load, build, score, check and publish with what the last rebuild trained and chose.",
        ),
        *(
            dg.define_asset_job(
                f"{REFRESH}_{layer}",
                dg.AssetSelection.groups(layer),
                description=f"Make and check the whole layer {layer} anew from what is upstream of it.",
            )
            for layer in layers
        ),
    ]


def schedules(time_zone: str) -> list[dg.ScheduleDefinition]:
    """Return the weekly rebuild and the daily refresh between, by the clock of a time zone (IANA).

    They are off until someone switches them on in the UI.
    """
    return [
        dg.ScheduleDefinition(
            name="weekly_rebuild",
            job_name=REBUILD,
            cron_schedule="0 5 * * 0",
            execution_timezone=time_zone,
            description="The whole graph with all training, on Sundays at 05:00 store time.",
        ),
        dg.ScheduleDefinition(
            name="daily_refresh",
            job_name=REFRESH,
            cron_schedule="0 5 * * 1-6",
            execution_timezone=time_zone,
            description="Everything that is served, without training, on the other mornings at 05:00 store time.",
        ),
    ]
