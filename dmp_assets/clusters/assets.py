"""Customer clusters as assets: read, compute, store, record."""

from collections.abc import Iterator

import dagster as dg

from dmp_assets import inputs
from dmp_assets.clusters.describe import cluster_summaries, name_customers
from dmp_assets.clusters.features import CLUSTER_FEATURES, transform_features
from dmp_assets.clusters.kmeans import assign_clusters
from dmp_assets.clusters.plots import plot_cluster_profiles, plot_projection, plot_selection
from dmp_assets.clusters.schema import CLUSTER_SELECTION, CLUSTER_SUMMARIES, CUSTOMER_CLUSTERS
from dmp_assets.clusters.selection import chosen_k, cluster_selection
from dmp_assets.contracts import Table, lineage, result, store
from dmp_assets.warehouse import Warehouse

SOURCE = "marts.customer_features"
_CLUSTERED_BY = [feature.column for feature in CLUSTER_FEATURES]
_KEYS = {"customer_id", "as_of_on"}

CLUSTERS = Table(
    "clusters",
    "customer_clusters",
    CUSTOMER_CLUSTERS,
    lineage(
        CUSTOMER_CLUSTERS,
        source=SOURCE,
        derived=dict.fromkeys(set(CUSTOMER_CLUSTERS.columns) - _KEYS, _CLUSTERED_BY),
    ),
)

SELECTION = Table(
    "clusters",
    "cluster_selection",
    CLUSTER_SELECTION,
    lineage(
        CLUSTER_SELECTION,
        source=SOURCE,
        derived=dict.fromkeys(set(CLUSTER_SELECTION.columns) - _KEYS, _CLUSTERED_BY),
    ),
)

SUMMARIES = Table(
    "clusters",
    "cluster_summaries",
    CLUSTER_SUMMARIES,
    lineage(
        CLUSTER_SUMMARIES,
        source=SOURCE,
        derived=dict.fromkeys(
            ("method", "cluster_id", "cluster_name", "description", "customer_count", "customer_share"), _CLUSTERED_BY
        ),
    ),
)

TABLES = (CLUSTERS, SELECTION, SUMMARIES)


@dg.multi_asset(specs=[table.spec() for table in TABLES])
def build_customer_clusters(warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    """Choose the number of clusters by the evidence, assign every customer, and say what sets each cluster apart."""
    features = warehouse.query(inputs.FEATURES)
    points = transform_features(features)
    selection = cluster_selection(points, features["as_of_on"].iloc[0])
    customers = name_customers(assign_clusters(features, points, chosen_k(selection)), points)
    summaries = cluster_summaries(features, points, customers)
    store(warehouse, {CLUSTERS: customers, SELECTION: selection, SUMMARIES: summaries})
    yield result(
        CLUSTERS,
        customers,
        plots={"map": plot_projection(points, customers), "profiles": plot_cluster_profiles(points, customers)},
    )
    yield result(SELECTION, selection, plots={"evidence": plot_selection(selection)})
    yield result(SUMMARIES, summaries)
