"""Collect every asset, check, job and schedule into one `Definitions`; nothing is computed or configured here."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from dmp_assets.clusters import assets as clusters
from dmp_assets.dbt.assets import build_dbt_assets
from dmp_assets.dbt.project import dbt_project, dbt_resource
from dmp_assets.demo.simulation import assets as simulation
from dmp_assets.forecasts.customers import assets as predictions
from dmp_assets.forecasts.sales import assets as sales
from dmp_assets.platform import automation
from dmp_assets.platform import tables as contracts
from dmp_assets.platform.settings import get_settings, store_time_zone
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.profiles import assets as profiles
from dmp_assets.recommendations import assets as recommendations
from dmp_assets.recommendations.sequences import assets as sequences
from dmp_assets.reports import assets as reports
from dmp_assets.similarity import assets as similarity
from dmp_assets.sources import assets as collection

TABLES = (
    *simulation.TABLES,
    *clusters.TABLES,
    *profiles.TABLES,
    *similarity.TABLES,
    sequences.SEQUENCE_MODELS,
    *recommendations.TABLES,
    *sales.TABLES,
    *predictions.TABLES,
)
"""Every table that Python makes."""

ASSETS = (
    *collection.ASSETS,
    *simulation.ASSETS,
    clusters.train_clusters,
    clusters.assign_clusters,
    profiles.build_customer_interests,
    profiles.build_customer_profiles,
    profiles.build_customer_tags,
    similarity.build_similarity,
    sequences.train_sequences,
    recommendations.train_recommendations,
    recommendations.fill_recommendations,
    recommendations.fill_product_recommendations,
    sales.train_sales_forecasts,
    sales.serve_sales_forecasts,
    sales.compare_sales_forecasts,
    predictions.train_predictions,
    predictions.predict_customers,
    predictions.realise_predictions,
    reports.publish_report,
    reports.publish_customers,
    reports.publish_dbt_docs,
    reports.publish_tables,
)


def build_defs(*, loggers: Mapping[str, dg.LoggerDefinition] | None = None) -> dg.Definitions:
    """Return the whole graph, the same for the server, the command line and the tests.

    Args:
        loggers: where run events go besides the instance's event log (default: Dagster's console logger).

    Raises:
        UserError: a setting is wrong, or the dbt project has not been parsed.
    """
    settings = get_settings()
    assets = [*ASSETS, build_dbt_assets(settings), reports.build_lineage_page(TABLES)]
    return dg.Definitions(
        assets=dg.map_asset_specs(automation.with_freshness, assets),
        asset_checks=[
            *contracts.schema_checks(TABLES),
            clusters.no_drift,
            sales.keeps_its_promise,
            *predictions.CHECKS,
        ],
        jobs=automation.jobs(),
        schedules=automation.schedules(store_time_zone()),
        sensors=[collection.new_segments],
        resources={"warehouse": Warehouse.from_settings(settings), "dbt": dbt_resource(dbt_project(settings))},
        executor=dg.in_process_executor,
        loggers=loggers,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Return the graph that ``workspace.yaml`` loads."""
    return build_defs()
