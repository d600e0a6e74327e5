"""The contract of the served tables of this domain (Pandera)."""

import pandera.pandas as pa

from dmp_assets.analysis.drift import DRIFT_LIMIT, LEAST_ROWS
from dmp_assets.clusters.features import CLUSTER_FEATURES
from dmp_assets.clusters.methods import METHODS, NOISE, SERVED_METHOD

_METHOD = pa.Column(
    str,
    pa.Check.isin(list(METHODS)),
    description=f"Method that made the clusters; {SERVED_METHOD} is the one whose names are used elsewhere.",
)
_CLUSTER_ID = pa.Column(
    "int64",
    pa.Check.ge(NOISE),
    description="Number of the cluster: 0 for the highest mean monetary amount on the first run, later the number of the "
    "cluster it continues; -1 for noise.",
)
_FEATURE = pa.Column(
    str,
    pa.Check.isin([feature.column for feature in CLUSTER_FEATURES]),
    description="Column of marts.customer_features that customers are clustered by.",
)
_CLUSTER_NAME = pa.Column(
    str,
    pa.Check.str_length(min_value=1),
    description="Name, from what sets the cluster apart; distinct within a method.",
)
_TWO_CLUSTERS = "; without noise, null for fewer than two clusters."
_AS_OF = pa.Column("datetime64[us]", description="Only orders before this day count.")


def _mean_share(what: str) -> pa.Column:
    return pa.Column(
        float, pa.Check.in_range(0, 1), nullable=True, description=f"Mean {what}, 0 to 1; null if no member has one."
    )


def _customers_schema(name: str, as_of: pa.Column, description: str) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(
        {
            "customer_id": pa.Column(str, description="Customer, namespaced by source."),
            "method": _METHOD,
            "cluster_id": _CLUSTER_ID,
            "cluster_name": _CLUSTER_NAME,
            "distance_to_centre": pa.Column(
                float,
                pa.Check.ge(0),
                nullable=True,
                description="Euclidean distance to the cluster's centre, in standard deviations of the scaled features; null "
                "where the method has no centres (ward, dbscan, hdbscan).",
            ),
            "as_of_on": as_of,
        },
        strict=True,
        ordered=True,
        unique=["customer_id", "method"],
        name=f"clusters.{name}",
        description=description,
    )


FITTED_CLUSTERS = _customers_schema(
    "fitted_clusters",
    _AS_OF,
    "The cluster of every customer when the clusters were made, by every method. One row per customer and method.",
)

CUSTOMER_CLUSTERS = _customers_schema(
    "customer_clusters",
    pa.Column(
        "datetime64[us]",
        description=f"Only orders before this day count: the as-of date for {SERVED_METHOD}, that of the fit for the others.",
    ),
    f"The cluster of every customer: today's customers by {SERVED_METHOD}, placed by the nearest centre; for comparison those of "
    "the fit by the other methods. One row per customer and method.",
)

CLUSTER_SELECTION = pa.DataFrameSchema(
    {
        "method": _METHOD,
        "setting": pa.Column(str, pa.Check.str_length(min_value=1), description="What was asked of the method."),
        "k": pa.Column("int64", pa.Check.ge(0), description="Number of clusters found, without noise."),
        "noise_share": pa.Column(
            float, pa.Check.in_range(0, 1), description="Share of customers in no cluster, 0 to 1."
        ),
        "inertia": pa.Column(
            float, pa.Check.ge(0), description="Sum of squared distances to the mean of the own cluster, without noise."
        ),
        "silhouette": pa.Column(
            float,
            pa.Check.in_range(-1, 1),
            nullable=True,
            description=f"Mean silhouette, -1 to 1, higher is better{_TWO_CLUSTERS}",
        ),
        "calinski_harabasz": pa.Column(
            float,
            pa.Check.ge(0),
            nullable=True,
            description=f"Between over within variance, higher is better{_TWO_CLUSTERS}",
        ),
        "davies_bouldin": pa.Column(
            float,
            pa.Check.ge(0),
            nullable=True,
            description=f"Davies-Bouldin index, lower is better{_TWO_CLUSTERS}",
        ),
        "stability_ari": pa.Column(
            float,
            pa.Check.in_range(-1, 1),
            description="Mean adjusted Rand index with the clusters of bootstrap samples; 1 is the same, 0 is chance.",
        ),
        "smallest_cluster_share": pa.Column(
            float,
            pa.Check.in_range(0, 1),
            description="Share of customers in the smallest cluster, 0 to 1; 0 without any.",
        ),
        "is_chosen": pa.Column(bool, description="Whether the customers are served in these clusters of the method."),
        "reason": pa.Column(
            str, pa.Check.str_length(min_value=1), description="Why this setting was or was not chosen."
        ),
        "as_of_on": _AS_OF,
    },
    checks=pa.Check(
        lambda table: bool((table.groupby("method")["is_chosen"].sum() == 1).all()), name="one_chosen_setting"
    ),
    strict=True,
    ordered=True,
    unique=["method", "setting"],
    name="clusters.cluster_selection",
    description="Evidence for the number of clusters and other settings. One row per method and setting.",
)

CLUSTER_SUMMARIES = pa.DataFrameSchema(
    {
        "method": _METHOD,
        "cluster_id": _CLUSTER_ID,
        "cluster_name": _CLUSTER_NAME,
        "description": pa.Column(
            str,
            pa.Check.str_length(min_value=1),
            description="One sentence: how its customers differ from all customers.",
        ),
        "customer_count": pa.Column("int64", pa.Check.ge(1), description="Customers in the cluster."),
        "customer_share": pa.Column(
            float, pa.Check.in_range(0, 1), description="Their share of all customers, 0 to 1."
        ),
        "recency_days": pa.Column(float, pa.Check.ge(0), description="Mean days from the last order to as_of_on."),
        "frequency": pa.Column(float, pa.Check.ge(0), description="Mean orders with a sale."),
        "monetary_amount": pa.Column(float, description="Mean net sales per customer, platform currency."),
        "average_order_amount": pa.Column(
            float,
            nullable=True,
            description="Mean of the customers' mean order, platform currency; null without any.",
        ),
        "average_order_products": pa.Column(
            float, pa.Check.ge(0), nullable=True, description="Mean distinct products in an order; null without any."
        ),
        "discount_share": _mean_share("discount as a share of list amount"),
        "private_label_share": _mean_share("private label as a share of sales"),
        "evening_share": _mean_share("share of orders from 17 to 22 o'clock"),
        "weekend_share": _mean_share("share of orders on Saturday or Sunday"),
        "favourite_store_share": _mean_share("share of orders in the favourite store"),
        "as_of_on": _AS_OF,
    },
    strict=True,
    ordered=True,
    checks=pa.Check(
        lambda table: not table.duplicated(["method", "cluster_name"]).any(), name="names_distinct_within_method"
    ),
    unique=["method", "cluster_id"],
    name="clusters.cluster_summaries",
    description="What each cluster is like, means over its customers. One row per method and cluster.",
)

CLUSTER_CENTRES = pa.DataFrameSchema(
    {
        "method": _METHOD,
        "cluster_id": _CLUSTER_ID,
        "feature": _FEATURE,
        "centre": pa.Column(
            float,
            description="The cluster's centre, in standard deviations from the average customer; the members' mean for methods "
            "without centres (ward, dbscan, hdbscan).",
        ),
        "mean": pa.Column(float, description="Mean of the transformed feature at the fit, which scaling subtracts."),
        "spread": pa.Column(
            float,
            pa.Check.ge(0),
            description="Standard deviation of the transformed feature at the fit, which scaling divides by; 0 for a feature "
            "without variation, which then has no say.",
        ),
        "population_share": pa.Column(
            float,
            pa.Check.in_range(0, 1),
            nullable=True,
            description="The share that few orders are pulled towards, 0 to 1; null for amounts and counts.",
        ),
        "as_of_on": _AS_OF,
    },
    strict=True,
    ordered=True,
    unique=["method", "cluster_id", "feature", "as_of_on"],
    name="clusters.cluster_centres",
    description="What assigns customers without a new fit and keeps cluster numbers from run to run; every as-of date is kept. "
    "One row per method, cluster, feature and as-of date.",
)

FEATURE_BINS = pa.DataFrameSchema(
    {
        "feature": _FEATURE,
        "bin": pa.Column("int64", pa.Check.ge(0), description="Number of the bin, from the lowest values up."),
        "upper_bound": pa.Column(
            float,
            nullable=True,
            description="Highest value in the bin, in the feature's unit; null for the last bin, which has no limit.",
        ),
        "share": pa.Column(
            float,
            pa.Check.in_range(0, 1),
            description="Share of the customers with a value who are in the bin, 0 to 1.",
        ),
        "as_of_on": _AS_OF,
    },
    strict=True,
    ordered=True,
    unique=["feature", "bin", "as_of_on"],
    name="clusters.feature_bins",
    description="How each clustered feature was distributed, in quantile bins; every as-of date is kept. One row per feature, "
    "bin and as-of date.",
)

CLUSTER_DRIFT = pa.DataFrameSchema(
    {
        "feature": _FEATURE,
        "psi": pa.Column(
            float,
            pa.Check.ge(0),
            nullable=True,
            description="Population stability index against the reference, 0 for the same distribution; null without one.",
        ),
        "is_drifting": pa.Column(
            bool, description=f"Whether psi is above {DRIFT_LIMIT}, of {LEAST_ROWS} customers or more."
        ),
        "as_of_on": _AS_OF,
        "reference_as_of_on": pa.Column(
            "datetime64[us]",
            nullable=True,
            description="As-of date of the reference, the latest stored before as_of_on; null on the first run.",
        ),
    },
    strict=True,
    ordered=True,
    unique=["feature"],
    name="clusters.cluster_drift",
    description="Whether customers still look as they did at the run before. One row per clustered feature.",
)
