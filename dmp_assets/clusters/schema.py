"""The contract of the served tables of this domain (Pandera)."""

import pandera.pandas as pa

_METHOD = pa.Column(str, pa.Check.isin(["kmeans"]), description="Method that made the clusters.")
_CLUSTER_ID = pa.Column(
    "int64", pa.Check.ge(0), description="Number of the cluster, 0 for the highest mean monetary amount."
)
_CLUSTER_NAME = pa.Column(str, pa.Check.str_length(min_value=1), description="Name, from what sets the cluster apart.")
_AS_OF = pa.Column("datetime64[us]", description="Only orders before this day count.")


def _mean_share(what: str) -> pa.Column:
    return pa.Column(
        float, pa.Check.in_range(0, 1), nullable=True, description=f"Mean {what}, 0 to 1; null if no member has one."
    )


CUSTOMER_CLUSTERS = pa.DataFrameSchema(
    {
        "customer_id": pa.Column(str, description="Customer, namespaced by source."),
        "method": _METHOD,
        "cluster_id": _CLUSTER_ID,
        "cluster_name": _CLUSTER_NAME,
        "distance_to_centre": pa.Column(
            float,
            pa.Check.ge(0),
            description="Euclidean distance to the cluster's centre, in standard deviations of the scaled features.",
        ),
        "as_of_on": _AS_OF,
    },
    strict=True,
    ordered=True,
    unique=["customer_id", "method"],
    name="clusters.customer_clusters",
    description="The cluster of every customer. One row per customer and method.",
)

CLUSTER_SELECTION = pa.DataFrameSchema(
    {
        "method": _METHOD,
        "k": pa.Column("int64", pa.Check.ge(2), description="Number of clusters."),
        "inertia": pa.Column(float, pa.Check.ge(0), description="Sum of squared distances to the own centre."),
        "silhouette": pa.Column(
            float, pa.Check.in_range(-1, 1), description="Mean silhouette, -1 to 1, higher is better."
        ),
        "calinski_harabasz": pa.Column(
            float, pa.Check.ge(0), description="Between over within variance, higher is better."
        ),
        "davies_bouldin": pa.Column(float, pa.Check.ge(0), description="Davies-Bouldin index, lower is better."),
        "stability_ari": pa.Column(
            float,
            pa.Check.in_range(-1, 1),
            description="Mean adjusted Rand index with the clusters of bootstrap samples; 1 is the same, 0 is chance.",
        ),
        "smallest_cluster_share": pa.Column(
            float, pa.Check.in_range(0, 1), description="Share of customers in the smallest cluster, 0 to 1."
        ),
        "is_chosen": pa.Column(bool, description="Whether the customers are served in this many clusters."),
        "reason": pa.Column(str, pa.Check.str_length(min_value=1), description="Why this k was or was not chosen."),
        "as_of_on": _AS_OF,
    },
    checks=pa.Check(lambda table: bool((table.groupby("method")["is_chosen"].sum() == 1).all()), name="one_chosen_k"),
    strict=True,
    ordered=True,
    unique=["method", "k"],
    name="clusters.cluster_selection",
    description="Evidence for the number of clusters. One row per method and k.",
)

CLUSTER_SUMMARIES = pa.DataFrameSchema(
    {
        "method": _METHOD,
        "cluster_id": _CLUSTER_ID,
        "cluster_name": pa.Column(
            str, pa.Check.str_length(min_value=1), unique=True, description="Name, from what sets the cluster apart."
        ),
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
        "monetary_amount": pa.Column(float, pa.Check.ge(0), description="Mean sales per customer, USD."),
        "average_order_amount": pa.Column(
            float,
            pa.Check.ge(0),
            nullable=True,
            description="Mean of the customers' mean order, USD; null without any.",
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
    unique=["method", "cluster_id"],
    name="clusters.cluster_summaries",
    description="What each cluster is like, means over its customers. One row per method and cluster.",
)
