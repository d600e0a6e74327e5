"""What people open: the report, the dbt docs, Parquet snapshots. Built only after every check upstream has passed."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import dagster as dg
from dagster_dbt import DbtCliResource

from dmp_assets.platform.automation import Cadence, cadence_tag
from dmp_assets.platform.domain import Domain
from dmp_assets.platform.files import write_atomically
from dmp_assets.platform.gate import gated
from dmp_assets.platform.lineage import recorded_columns
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.reports.customers_page import build_customers_page, customers_page_reads
from dmp_assets.reports.lineage_page import lineage_page
from dmp_assets.reports.page import external_references
from dmp_assets.reports.report import build_report, report_reads
from dmp_assets.reports.sections import CUSTOMER_SECTIONS, SECTIONS
from dmp_assets.reports.snapshots import publish_snapshots

LAYER = "published"

MARTS = (
    "marts.dim_campaigns",
    "marts.dim_customers",
    "marts.dim_products",
    "marts.fct_order_lines",
    "marts.fct_orders",
    "marts.fct_touches",
    "marts.fct_events",
    "marts.fct_sessions",
    "marts.consents",
    "marts.fct_weekly_sales",
    "marts.fct_daily_sales",
    "marts.customer_features",
    "marts.customer_feature_inputs",
)

SNAPSHOTS = (
    *MARTS,
    "quarantine.rejected_rows",
    "profiles.customer_profiles",
    "profiles.customer_tags",
    "profiles.customer_interests",
    "profiles.product_topics",
    "profiles.topic_terms",
    "profiles.topic_products",
    "profiles.customer_embeddings",
    "profiles.lookalike_quality",
    "clusters.customer_clusters",
    "clusters.cluster_selection",
    "clusters.cluster_summaries",
    "clusters.cluster_centres",
    "clusters.feature_bins",
    "clusters.cluster_drift",
    "clusters.fitted_clusters",
    "similarity.customer_similarity",
    "similarity.product_similarity",
    "similarity.similarity_measures",
    "recommendations.customer_recommendations",
    "recommendations.product_recommendations",
    "recommendations.leaderboard",
    "recommendations.ranker",
    "recommendations.sequence_models",
    "forecasts.sales_forecasts",
    "forecasts.forecast_accuracy",
    "forecasts.forecast_models",
    "forecasts.forecast_backtest",
    "forecasts.forecast_history",
    "forecasts.realised_accuracy",
    "forecasts.excluded_series",
    "forecasts.customer_predictions",
    "forecasts.prediction_leaderboard",
    "forecasts.prediction_models",
    "forecasts.prediction_reliability",
    "forecasts.prediction_gains",
    "forecasts.prediction_importance",
    "forecasts.prediction_dependence",
    "forecasts.prediction_bins",
    "forecasts.category_propensity",
    "forecasts.lifetime_values",
    "forecasts.prediction_history",
    "forecasts.prediction_outcomes",
    "forecasts.prediction_drift",
)


def _spec(
    name: str, reads: Iterable[str], kinds: set[str], description: str, cadence: Cadence = "daily"
) -> dg.AssetSpec:
    return dg.AssetSpec(
        [LAYER, name],
        deps=[dg.AssetKey(table.split(".")) for table in sorted(reads)],
        description=description,
        group_name=LAYER,
        owners=["team:data-science"],
        kinds=kinds,
        tags=cadence_tag(cadence),
    )


REPORT = _spec(
    "report",
    report_reads(SECTIONS),
    {"python", "html"},
    "The report for marketers as one HTML file that needs no network: customers, segments, clusters, what customers will do, sales "
    "forecast and its accuracy, similar customers and products, rejected rows.",
)
DOCS = _spec(
    "dbt_docs",
    MARTS,
    {"dbt", "html"},
    "The dbt docs as one HTML file: every model and column with grain, unit and lineage, and the assets that use them.",
    "weekly",
)
PARQUET = _spec(
    "tables",
    SNAPSHOTS,
    {"python", "parquet"},
    "Parquet copies of the served tables, one file per table, for consumers who must not touch the live warehouse.",
)
LINEAGE = _spec(
    "lineage",
    SNAPSHOTS,
    {"python", "html"},
    "Column lineage as one HTML file that needs no network: what every column comes from, back to the source file, and what uses "
    "it, down to the profile, cluster, neighbour or forecast.",
)
CUSTOMERS = _spec(
    "customers",
    customers_page_reads(CUSTOMER_SECTIONS),
    {"python", "html"},
    "Everything about one customer, and why, as one HTML file that needs no network: standing, sales by week, interests, tags, "
    "what to buy again and to discover, similar customers, the whole profile.",
)
FILES = (REPORT, CUSTOMERS, DOCS, PARQUET, LINEAGE)


@dg.multi_asset(specs=[REPORT])
@gated
def publish_report(warehouse: Warehouse, settings: dg.ResourceParam[Settings]) -> Iterator[dg.MaterializeResult]:
    """Write the report."""
    page = build_report(SECTIONS, warehouse.query, sample_percent=settings.sample_percent)
    yield _publish_page(settings.published_dir / "report.html", page)


@dg.multi_asset(specs=[CUSTOMERS])
@gated
def publish_customers(warehouse: Warehouse, settings: dg.ResourceParam[Settings]) -> Iterator[dg.MaterializeResult]:
    """Write the customer page."""
    page = build_customers_page(CUSTOMER_SECTIONS, warehouse.query)
    yield _publish_page(settings.published_dir / "customers.html", page)


@dg.multi_asset(specs=[DOCS])
@gated
def publish_dbt_docs(dbt: DbtCliResource, settings: dg.ResourceParam[Settings]) -> Iterator[dg.MaterializeResult]:
    """Generate the dbt docs as one static page."""
    target = settings.dbt_target_dir / "docs"
    dbt.cli(["docs", "generate", "--static"], target_path=target).wait()
    file = settings.published_dir / "dbt_docs.html"
    write_atomically(file, (target / "static_index.html").read_text(encoding="utf-8"))
    yield dg.MaterializeResult(metadata={"file": dg.MetadataValue.path(file), "bytes": file.stat().st_size})


@dg.multi_asset(specs=[PARQUET])
@gated
def publish_tables(warehouse: Warehouse, settings: dg.ResourceParam[Settings]) -> Iterator[dg.MaterializeResult]:
    """Replace the set of Parquet files as a whole."""
    folder = settings.published_dir / "tables"
    with warehouse.read() as connection:
        rows = publish_snapshots(connection, SNAPSHOTS, folder)
    yield dg.MaterializeResult(
        metadata={"folder": dg.MetadataValue.path(folder), "files": len(rows), "rows": sum(rows.values())}
    )


def lineage_step(specs: Iterable[dg.AssetSpec]) -> dg.AssetsDefinition:
    """Return the step that publishes the lineage of these assets."""
    specs = list(specs)

    @dg.multi_asset(specs=[LINEAGE])
    @gated
    def publish_lineage(
        context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
    ) -> Iterator[dg.MaterializeResult]:
        """Write the lineage page from what was recorded of every table when it was made."""
        page = lineage_page(recorded_columns(context.instance, specs))
        yield _publish_page(settings.published_dir / "lineage.html", page)

    return publish_lineage


def domain(specs: Iterable[dg.AssetSpec]) -> Domain:
    """Return what is published of the other assets of the graph."""
    return Domain(assets=(publish_report, publish_customers, publish_dbt_docs, publish_tables, lineage_step(specs)))


def _publish_page(file: Path, page: str) -> dg.MaterializeResult:
    """Write a page, unless it would need the network to be shown."""
    if references := external_references(page):
        raise dg.Failure(f"{file.name} would load {', '.join(references)} from outside; it must be self-contained.")
    write_atomically(file, page)
    return dg.MaterializeResult(metadata={"file": dg.MetadataValue.path(file), "bytes": file.stat().st_size})
