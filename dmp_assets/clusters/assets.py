"""Customer clusters as assets: read, compute, store, record."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pandera.pandas as pa

from dmp_assets.analysis import inputs
from dmp_assets.analysis.drift import feature_bins, feature_drift
from dmp_assets.clusters import schema
from dmp_assets.clusters.centres import assign_customers, cluster_centres, fitted_clusters, previous_centres
from dmp_assets.clusters.describe import SUMMARY_COLUMNS, cluster_summaries, name_customers
from dmp_assets.clusters.features import CLUSTER_FEATURES, fit_scaling, scale_features
from dmp_assets.clusters.numbering import number_clusters
from dmp_assets.clusters.plots import plot_cluster_profiles, plot_dendrogram, plot_projection, plot_selection
from dmp_assets.clusters.sections import SECTIONS
from dmp_assets.clusters.selection import select_clusters
from dmp_assets.platform.automation import Cadence
from dmp_assets.platform.domain import Domain
from dmp_assets.platform.history import History, latest_before
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.tables import Alarm, Results, Table, lineage, makes, save
from dmp_assets.platform.warehouse import Warehouse

SOURCE = "marts.customer_features"
_CLUSTERED_BY = [feature.column for feature in CLUSTER_FEATURES]


def _clusters_table(
    name: str,
    contract: pa.DataFrameSchema,
    derived: Mapping[str, list[str]] | None = None,
    cadence: Cadence = "weekly",
    history: History | None = None,
) -> Table:
    """Every column comes from all features that are clustered, unless `derived` or the source's own column says otherwise."""
    own = {"customer_id", "as_of_on"}
    everything = dict.fromkeys(set(contract.columns) - own, _CLUSTERED_BY)
    sources = lineage(contract, source=SOURCE, derived={**everything, **(derived or {})})
    return Table("clusters", name, contract, sources, cadence, history)


SELECTION = _clusters_table("cluster_selection", schema.CLUSTER_SELECTION)
SUMMARIES = _clusters_table(
    "cluster_summaries", schema.CLUSTER_SUMMARIES, {column: [column] for column in SUMMARY_COLUMNS}
)
CENTRES = _clusters_table("cluster_centres", schema.CLUSTER_CENTRES, history=History())
BINS = _clusters_table("feature_bins", schema.FEATURE_BINS, history=History())
FITTED = _clusters_table("fitted_clusters", schema.FITTED_CLUSTERS)
TRAINED = (SELECTION, SUMMARIES, CENTRES, BINS, FITTED)

_FITTED_CLUSTER = {
    column: [f"{FITTED.full_name}.{column}", f"{CENTRES.full_name}.centre", *_CLUSTERED_BY]
    for column in ("method", "cluster_id", "distance_to_centre")
} | {"cluster_name": [f"{FITTED.full_name}.cluster_name", f"{SUMMARIES.full_name}.cluster_name", *_CLUSTERED_BY]}
CLUSTERS = _clusters_table("customer_clusters", schema.CUSTOMER_CLUSTERS, _FITTED_CLUSTER, "daily")


def _drifting(warehouse: Warehouse) -> Iterator[str]:
    """Yield how the customers of today are no longer like those that the clusters were made of."""
    drifting = warehouse.query(f"select feature, psi from {DRIFT.full_name} where is_drifting order by psi desc")
    for feature, psi in drifting.to_numpy():
        yield f"{feature} has drifted: {psi:.2f}"


DRIFT = replace(
    _clusters_table(
        "cluster_drift",
        schema.CLUSTER_DRIFT,
        {
            "psi": [f"{BINS.full_name}.share", *_CLUSTERED_BY],
            "is_drifting": [f"{BINS.full_name}.share", *_CLUSTERED_BY],
            "reference_as_of_on": [f"{BINS.full_name}.as_of_on"],
        },
        "daily",
    ),
    alarm=Alarm(
        "no_drift",
        "No feature has drifted (population stability index at most 0.2) since the as-of date before.",
        _drifting,
    ),
)
SERVED = (CLUSTERS, DRIFT)


@makes(*TRAINED)
def train_clusters(warehouse: Warehouse) -> Results:
    """Choose each method's clusters by the evidence and say what sets each cluster apart."""
    features = warehouse.query(inputs.FEATURES)
    as_of_on = features["as_of_on"].iloc[0]
    previous = latest_before(warehouse, CENTRES.full_name, as_of_on)
    scaling = fit_scaling(features)
    points = scale_features(features, scaling)
    selection, fits = select_clusters(points, as_of_on)
    fits = number_clusters(
        fits, points, features, previous_centres(previous, scaling) if previous is not None else None
    )
    customers = name_customers(fitted_clusters(points, fits, as_of_on), points)
    frames = {
        SELECTION: selection,
        SUMMARIES: cluster_summaries(features, points, customers),
        CENTRES: cluster_centres(fits, scaling, as_of_on),
        BINS: feature_bins(features, _CLUSTERED_BY),
        FITTED: customers,
    }
    plots = {
        FITTED: {"map": plot_projection(points, customers), "profiles": plot_cluster_profiles(points, customers)},
        SELECTION: {"evidence": plot_selection(selection), "dendrogram": plot_dendrogram(points)},
    }
    yield from save(warehouse, frames, plots=plots)


@makes(*SERVED)
def assign_clusters(warehouse: Warehouse) -> Results:
    """Put every customer in the cluster with the nearest stored centre, and measure how far the customers have drifted."""
    features = warehouse.query(inputs.FEATURES)
    as_of_on = features["as_of_on"].iloc[0]
    frames = {
        CLUSTERS: assign_customers(
            features, *(inputs.trained(warehouse, table.full_name) for table in (CENTRES, FITTED, SUMMARIES))
        ),
        DRIFT: feature_drift(features, _CLUSTERED_BY, latest_before(warehouse, BINS.full_name, as_of_on)),
    }
    yield from save(warehouse, frames)


def domain(_: Settings) -> Domain:
    """Return the clusters: trained, served, watched for drift."""
    return Domain(tables=(*TRAINED, *SERVED), assets=(train_clusters, assign_clusters), sections=SECTIONS)
