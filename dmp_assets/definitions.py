"""Collect what the domains offer into one `Definitions`; nothing is computed or configured here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import dagster as dg

from dmp_assets.activation import assets as activation
from dmp_assets.audiences import assets as audiences
from dmp_assets.clusters import assets as clusters
from dmp_assets.collector import assets as collector
from dmp_assets.demo import assets as demo
from dmp_assets.forecasts.customers import assets as predictions
from dmp_assets.forecasts.sales import assets as sales
from dmp_assets.identity import assets as identity
from dmp_assets.platform import automation
from dmp_assets.platform.domain import Domain
from dmp_assets.platform.gate import gate_of
from dmp_assets.platform.settings import Settings, get_settings, store_time_zone
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.privacy import assets as privacy
from dmp_assets.profiles import assets as profiles
from dmp_assets.recommendations import assets as recommendations
from dmp_assets.runs.executor import home_executor
from dmp_assets.runs.watch import watch_sensor
from dmp_assets.similarity import assets as similarity
from dmp_assets.sources import assets as sources

DOMAINS = (
    sources.domain,
    demo.domain,
    identity.domain,
    profiles.domain,
    clusters.domain,
    similarity.domain,
    recommendations.domain,
    sales.domain,
    predictions.domain,
    audiences.domain,
    activation.domain,
)


def domains(settings: Settings) -> list[Domain]:
    """Return what every domain offers under these settings; without what is published of all of them.

    Raises:
        UserError: a domain's own file, such as the rules of the tags, is wrong.
    """
    offered = [domain(settings) for domain in DOMAINS]
    segments = [key for domain in offered for key in domain.segments]
    tables = [table for domain in offered for table in domain.tables]
    return [*offered, collector.domain(settings, segments), privacy.domain(tables)]


def build_defs(
    settings: Settings,
    offered: Sequence[Domain] | None = None,
    *,
    resources: Mapping[str, Any] | None = None,
    loggers: Mapping[str, dg.LoggerDefinition] | None = None,
) -> dg.Definitions:
    """Return the whole graph, the same for the server, the command line and the tests.

    Args:
        settings: of the platform.
        offered: what the domains offer under them, where it is known already (default: `domains`).
        resources: take the place of the graph's own resources of these names.
        loggers: where run events go besides the instance's event log (default: Dagster's console logger).

    Raises:
        UserError: a rule is wrong, or the dbt project has not been parsed.
    """
    # dbt takes a second to import; commands that only ask the domains need not wait for it.
    from dmp_assets.dbt.assets import build_dbt_assets
    from dmp_assets.dbt.project import dbt_project, dbt_resource, read_manifest
    from dmp_assets.reports import assets as reports

    offered = domains(settings) if offered is None else offered
    manifest = read_manifest(settings)
    made = [*build_dbt_assets(settings, manifest), *chain.from_iterable(domain.assets for domain in offered)]
    assets = [*made, *reports.domain(offered, manifest, [spec for asset in made for spec in asset.specs]).assets]
    gate = gate_of(assets)
    return dg.Definitions(
        assets=dg.map_asset_specs(automation.with_freshness, assets),
        jobs=automation.jobs(automation.layers_of(assets)),
        schedules=automation.schedules(store_time_zone(settings)),
        sensors=[
            *(sensor for domain in offered for sensor in domain.sensors),
            watch_sensor(settings, gate, [spec for asset in assets for spec in asset.specs]),
        ],
        resources={
            "settings": settings,
            "gate": gate,
            "warehouse": Warehouse.from_settings(settings),
            "dbt": dbt_resource(dbt_project(settings)),
            **(resources or {}),
        },
        executor=home_executor(settings),
        loggers=loggers,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Return the graph that ``workspace.yaml`` loads, under the settings of the environment."""
    return build_defs(get_settings())
