"""What people and their tools open: pages and tables. Built only after every check upstream has passed."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource

from dmp_assets.platform.access import share_published
from dmp_assets.platform.automation import Cadence, cadence_tag
from dmp_assets.platform.domain import Domain
from dmp_assets.platform.files import write_atomically
from dmp_assets.platform.gate import gated
from dmp_assets.platform.lineage import recorded_columns
from dmp_assets.platform.money import currency
from dmp_assets.platform.sections import CustomerSection, Page, Section
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.reports.customers_page import build_customers_page, customers_page_reads
from dmp_assets.reports.lineage_page import lineage_page
from dmp_assets.reports.page import external_references
from dmp_assets.reports.publication import publish
from dmp_assets.reports.report import build_page, build_report, page_reads, report_reads
from dmp_assets.reports.served import ServedTable, served_tables

LAYER = "published"


def domain(domains: Sequence[Domain], manifest: Mapping[str, Any], specs: Sequence[dg.AssetSpec]) -> Domain:
    """Return what is published of the rest of the graph.

    Args:
        domains: all others.
        manifest: dbt's manifest.
        specs: all other assets.
    """
    served = served_tables(manifest, [table for domain in domains for table in domain.tables])
    return Domain(
        assets=(
            report_step([section for domain in domains for section in domain.sections]),
            customers_step([section for domain in domains for section in domain.customer_sections]),
            *(page_step(page) for domain in domains for page in domain.pages),
            dbt_docs_step(served),
            tables_step(served),
            lineage_step(served, specs),
        )
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


def report_step(sections: Sequence[Section]) -> dg.AssetsDefinition:
    """Return the step that publishes the report."""
    spec = _spec(
        "report",
        report_reads(sections),
        {"python", "html"},
        "The report for marketers as one HTML file that needs no network: customers, segments, clusters, what customers will do, "
        "sales forecast and its accuracy, similar customers and products, rejected rows.",
    )

    @dg.multi_asset(specs=[spec])
    @gated
    def publish_report(warehouse: Warehouse, settings: dg.ResourceParam[Settings]) -> Iterator[dg.MaterializeResult]:
        """Write the report."""
        page = build_report(sections, warehouse.query, sample_percent=settings.sample_percent)
        yield _publish_page(settings, "report.html", page)

    return publish_report


def customers_step(sections: Sequence[CustomerSection]) -> dg.AssetsDefinition:
    """Return the step that publishes the customer page."""
    spec = _spec(
        "customers",
        customers_page_reads(sections),
        {"python", "html"},
        "Everything about one customer, and why, as one HTML file that needs no network: standing, sales by week, interests, tags, "
        "what to buy again and to discover, similar customers, the whole profile.",
    )

    @dg.multi_asset(specs=[spec])
    @gated
    def publish_customers(warehouse: Warehouse, settings: dg.ResourceParam[Settings]) -> Iterator[dg.MaterializeResult]:
        """Write the customer page."""
        page = build_customers_page(sections, warehouse.query)
        yield _publish_page(settings, "customers.html", page)

    return publish_customers


def page_step(page: Page) -> dg.AssetsDefinition:
    """Return the step that publishes a domain's own page."""

    @dg.multi_asset(
        name=f"publish_{page.name}", specs=[_spec(page.name, page_reads(page), {"python", "html"}, page.description)]
    )
    @gated
    def publish_page(warehouse: Warehouse, settings: dg.ResourceParam[Settings]) -> Iterator[dg.MaterializeResult]:
        """Write the page."""
        yield _publish_page(settings, f"{page.name}.html", build_page(page, warehouse.query))

    return publish_page


def dbt_docs_step(served: Iterable[ServedTable]) -> dg.AssetsDefinition:
    """Return the step that publishes the dbt docs."""
    spec = _spec(
        "dbt_docs",
        [table.name for table in served if table.name.startswith("marts.")],
        {"dbt", "html"},
        "The dbt docs as one HTML file: every model and column with grain, unit and lineage, and the assets that use them.",
        "weekly",
    )

    @dg.multi_asset(specs=[spec])
    @gated
    def publish_dbt_docs(dbt: DbtCliResource, settings: dg.ResourceParam[Settings]) -> Iterator[dg.MaterializeResult]:
        """Generate the dbt docs as one static page."""
        target = settings.dbt_target_dir / "docs"
        dbt.cli(["docs", "generate", "--static"], target_path=target).wait()
        file = settings.published_dir / "dbt_docs.html"
        write_atomically(file, (target / "static_index.html").read_text(encoding="utf-8"))
        share_published(settings)
        yield dg.MaterializeResult(metadata={"file": dg.MetadataValue.path(file), "bytes": file.stat().st_size})

    return publish_dbt_docs


def tables_step(served: Sequence[ServedTable]) -> dg.AssetsDefinition:
    """Return the step that publishes the tables."""
    spec = _spec(
        "tables",
        [table.name for table in served],
        {"duckdb", "parquet"},
        "The served tables for consumers who must not touch the live warehouse, swapped as a whole: published.duckdb with comments "
        "on every table and column, one Parquet file per table, and a dictionary (catalog.json, README.md).",
    )

    @dg.multi_asset(specs=[spec])
    @gated
    def publish_tables(warehouse: Warehouse, settings: dg.ResourceParam[Settings]) -> Iterator[dg.MaterializeResult]:
        """Replace the published tables as a whole."""
        folder = settings.published_dir
        with warehouse.read() as connection:
            catalogue = publish(connection, served, folder, currency=currency(), now=dt.datetime.now(dt.UTC))
        share_published(settings)
        rows = sum(table.row_count for table in catalogue.tables)
        yield dg.MaterializeResult(
            metadata={"folder": dg.MetadataValue.path(folder), "tables": len(catalogue.tables), "rows": rows}
        )

    return publish_tables


def lineage_step(served: Iterable[ServedTable], specs: Sequence[dg.AssetSpec]) -> dg.AssetsDefinition:
    """Return the step that publishes the lineage of these assets."""
    spec = _spec(
        "lineage",
        [table.name for table in served],
        {"python", "html"},
        "Column lineage as one HTML file that needs no network: what every column comes from, back to the source file, and what "
        "uses it, down to the profile, cluster, neighbour or forecast.",
    )

    @dg.multi_asset(specs=[spec])
    @gated
    def publish_lineage(
        context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
    ) -> Iterator[dg.MaterializeResult]:
        """Write the lineage page from what was recorded of every table when it was made."""
        page = lineage_page(recorded_columns(context.instance, specs))
        yield _publish_page(settings, "lineage.html", page)

    return publish_lineage


def _publish_page(settings: Settings, name: str, page: str) -> dg.MaterializeResult:
    """Write a page, unless it would need the network to be shown."""
    if references := external_references(page):
        raise dg.Failure(f"{name} would load {', '.join(references)} from outside; it must be self-contained.")
    file = settings.published_dir / name
    write_atomically(file, page)
    share_published(settings)
    return dg.MaterializeResult(metadata={"file": dg.MetadataValue.path(file), "bytes": file.stat().st_size})
