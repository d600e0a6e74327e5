"""K-Means: a fit that gives the same labels from run to run, and an order of the clusters that means something.

Sources: Lloyd (1982), Least squares quantization in PCM (the iteration); Arthur & Vassilvitskii (2007), k-means++
(the seeding).
"""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

METHOD = "kmeans"


class TooFewPointsError(ValueError):
    """Fewer distinct points than the clusters asked for."""


@dataclass(frozen=True)
class KMeansFit:
    """Labels int (n,) from 0 to k-1, centres float (k, d), inertia: sum of squared distances to the own centre."""

    labels: np.ndarray
    centres: np.ndarray
    inertia: float


def fit_kmeans(
    points: np.ndarray, k: int, *, seed: int = 0, n_init: int = 10, initial_centres: np.ndarray | None = None
) -> KMeansFit:
    """Fit K-Means: the best of `n_init` K-Means runs by inertia, or the single run from `initial_centres` (k, d).

    `points` is a float array (n, d) without missing values. Runs on one thread: the same input and seed give the same
    labels. Raises TooFewPointsError when the points hold fewer than k distinct rows, because k clusters then do not
    exist.

    >>> fit_kmeans(np.array([[0.0], [1.0], [9.0]]), 2).centres.round(1).tolist() in ([[0.5], [9.0]], [[9.0], [0.5]])
    True
    """
    from sklearn.cluster import KMeans

    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    if not has_distinct_rows(points, k):
        raise TooFewPointsError(
            f"k={k} clusters need at least {k} customers that differ; of these {len(points)} fewer do"
        )
    if initial_centres is None:
        model = KMeans(k, n_init=n_init, random_state=seed)
    else:
        model = KMeans(k, init=np.asarray(initial_centres, dtype=float), n_init=1)
    # At this size a second thread costs more than it brings, and summing in one order keeps the result exact.
    with _threads().limit(limits=1):
        model.fit(points)
    centres, labels = model.cluster_centers_, nearest_centre(points, model.cluster_centers_)
    return KMeansFit(labels, centres, inertia=float(((points - centres[labels]) ** 2).sum()))


def has_distinct_rows(points: np.ndarray, count: int) -> bool:
    """Whether the rows of `points` (n, d) hold at least `count` different ones; stops reading when they do."""
    seen: set[bytes] = set()
    for row in points:
        if len(seen) >= count:
            break
        seen.add((row + 0.0).tobytes())  # + 0.0: minus zero is zero
    return len(seen) >= count


def nearest_centre(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Row number of the nearest of `centres` (k, d) for each of `points` (n, d); ties go to the first."""
    return ((centres**2).sum(axis=1) - 2 * points @ centres.T).argmin(axis=1)


def order_clusters(labels: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Renumber clusters so that 0 has the highest mean of `values`; equal means: larger, then first member.

    `labels` is an int array (n,), `values` a float array (n,). Returns an int array (n,) with labels 0 to k-1.
    """
    clusters, first = np.unique(labels, return_index=True)
    members = [values[labels == cluster] for cluster in clusters]
    ranked = sorted(range(len(clusters)), key=lambda i: (-float(members[i].mean()), -len(members[i]), int(first[i])))
    new_label = {clusters[i]: rank for rank, i in enumerate(ranked)}
    return np.array([new_label[label] for label in labels], dtype=int)


def assign_clusters(features: pd.DataFrame, points: pd.DataFrame, k: int, *, seed: int = 0) -> pd.DataFrame:
    """Put every customer in a cluster; one row per customer, sorted by customer_id.

    Columns: customer_id, method, cluster_id, distance_to_centre, as_of_on.
    `features` has customer_id, monetary_amount and as_of_on; `points` comes from `features.transform_features`.
    Cluster 0 is the one with the highest mean monetary_amount. distance_to_centre is Euclidean, in standard
    deviations of the scaled features. Raises TooFewPointsError for fewer than k distinct points, ValueError when the
    customers do not match.
    """
    features = features.set_index("customer_id").sort_index()
    if not features.index.equals(points.index):
        raise ValueError("features and points must be about the same customers")
    fit = fit_kmeans(points.to_numpy(), k, seed=seed)
    return pd.DataFrame(
        {
            "customer_id": points.index.astype(object),
            "method": METHOD,
            "cluster_id": order_clusters(fit.labels, features["monetary_amount"].to_numpy(dtype=float)),
            "distance_to_centre": np.linalg.norm(points.to_numpy() - fit.centres[fit.labels], axis=1),
            "as_of_on": features["as_of_on"].to_numpy(),
        }
    ).astype({"cluster_id": "int64", "as_of_on": "datetime64[us]"})


@cache
def _threads() -> "ThreadpoolController":
    """Find the thread pools of the process: takes 3 ms, so once, after scikit-learn has loaded its own."""
    import sklearn.cluster  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
