"""Who is in which cluster: the customers of a fit, its centres as a table, and new customers without a new fit."""

from datetime import date

import numpy as np
import pandas as pd

from dmp_assets.clusters.features import scale_features
from dmp_assets.clusters.kmeans import nearest_centre
from dmp_assets.clusters.methods import SERVED_METHOD, Fit


def fitted_clusters(points: pd.DataFrame, fits: dict[str, Fit], as_of_on: date) -> pd.DataFrame:
    """Return the cluster of every customer by every method's fit; sorted by method (in the order of `fits`) and customer_id.

    Columns: customer_id, method, cluster_id (-1 for noise), distance_to_centre, as_of_on. `points` comes from
    `features.scale_features`, `fits` of the same customers from `numbering.number_clusters`. distance_to_centre is
    Euclidean, in standard deviations of the scaled features; null where the method has no centres.
    """
    tables = [
        pd.DataFrame(
            {
                "customer_id": points.index.astype(object),
                "method": method,
                "cluster_id": fit.served_labels,
                "distance_to_centre": np.linalg.norm(points.to_numpy() - fit.centres[fit.labels], axis=1)
                if fit.has_centres
                else np.nan,
                "as_of_on": pd.Timestamp(as_of_on),
            }
        )
        for method, fit in fits.items()
    ]
    return pd.concat(tables, ignore_index=True).astype({"cluster_id": "int64", "as_of_on": "datetime64[us]"})


def cluster_centres(fits: dict[str, Fit], scaling: pd.DataFrame, as_of_on: date) -> pd.DataFrame:
    """Build the rows of clusters.cluster_centres for one as-of date; sorted by method, cluster_id and feature.

    Columns: method, cluster_id, feature, centre (scaled), mean, spread and population_share of `scaling` (from
    `features.fit_scaling`), as_of_on. A method that finds only noise has no rows.
    """
    tables = [
        pd.DataFrame(fit.centres, index=pd.Index(fit.cluster_ids, name="cluster_id"), columns=scaling.index)
        .melt(ignore_index=False, var_name="feature", value_name="centre")
        .reset_index()
        .assign(method=method)
        for method, fit in fits.items()
    ]
    table = pd.concat(tables).merge(scaling, left_on="feature", right_index=True)
    table["as_of_on"] = pd.Timestamp(as_of_on)
    columns = ["method", "cluster_id", "feature", "centre", "mean", "spread", "population_share", "as_of_on"]
    table = table.sort_values(["method", "cluster_id", "feature"], ignore_index=True)[columns]
    return table.astype({"cluster_id": "int64", "as_of_on": "datetime64[us]"})


def previous_centres(centres: pd.DataFrame, scaling: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Read the centres of an earlier run on today's scale, by method: one row per cluster_id, one column per feature.

    `centres` is clusters.cluster_centres at one earlier as_of_on, `scaling` today's. Empty when the earlier clusters were
    made of other features: their numbers mean nothing for these.
    """
    if set(centres["feature"]) != set(scaling.index):
        return {}
    unscaled = centres.assign(centre=centres["centre"] * centres["spread"] + centres["mean"])
    spread = scaling["spread"].replace(0.0, np.inf)
    return {
        str(method): (
            (rows.pivot_table(index="cluster_id", columns="feature", values="centre")[scaling.index] - scaling["mean"])
            / spread
        )
        for method, rows in unscaled.groupby("method")
    }


def assign_customers(
    features: pd.DataFrame, centres: pd.DataFrame, fitted: pd.DataFrame, names: pd.DataFrame
) -> pd.DataFrame:
    """Build clusters.customer_clusters: today's customers by the served method, those of the fit by the others.

    `features` is marts.customer_features at one as_of_on, `centres` clusters.cluster_centres, `fitted` clusters.fitted_clusters and
    `names` clusters.cluster_summaries (method, cluster_id, cluster_name) of one fit. By SERVED_METHOD every customer of `features`
    is in the cluster with the nearest centre, with as_of_on of `features`. The other methods are there for comparison and most of
    them cannot place a new customer: their rows are those of the fit. Columns as in `fitted`; sorted by method (as in `fitted`)
    and customer_id.
    """
    is_served = fitted["method"] == SERVED_METHOD
    served = assign_to_centres(features, centres[centres["method"] == SERVED_METHOD])
    served_names = names[names["method"] == SERVED_METHOD].set_index("cluster_id")["cluster_name"]
    served = served.assign(
        method=SERVED_METHOD,
        cluster_name=served["cluster_id"].map(served_names),
        as_of_on=features["as_of_on"].iloc[0],
    )
    table = pd.concat([served[list(fitted.columns)], fitted[~is_served]], ignore_index=True)
    return table.astype({"as_of_on": "datetime64[us]"})


def assign_to_centres(features: pd.DataFrame, centres: pd.DataFrame) -> pd.DataFrame:
    """Put customers in the clusters of an earlier fit, without a new one; sorted by customer_id.

    `features` is shaped like marts.customer_features, `centres` is clusters.cluster_centres of one method and as_of_on; for
    K-Means the answer is that of the fit itself. Columns: customer_id, cluster_id, distance_to_centre (as in
    clusters.customer_clusters). Raises ValueError when `centres` are none or of several fits.
    """
    if len(centres[["method", "as_of_on"]].drop_duplicates()) != 1:
        raise ValueError("centres must be of exactly one method and one as_of_on")
    scaling = centres.drop_duplicates("feature").set_index("feature")[["mean", "spread", "population_share"]]
    points = scale_features(features, scaling)
    table = centres.pivot_table(index="cluster_id", columns="feature", values="centre")[list(points.columns)]
    nearest = nearest_centre(points.to_numpy(), table.to_numpy())
    return pd.DataFrame(
        {
            "customer_id": points.index.astype(object),
            "cluster_id": table.index.to_numpy()[nearest],
            "distance_to_centre": np.linalg.norm(points.to_numpy() - table.to_numpy()[nearest], axis=1),
        }
    )
