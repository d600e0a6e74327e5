"""The number of a cluster: what it means on the first run, and how it keeps its meaning on the next ones.

Source: Kuhn (1955), The Hungarian method for the assignment problem.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from dmp_assets.clusters.methods import NOISE, Fit


def number_clusters(
    fits: dict[str, Fit], points: pd.DataFrame, features: pd.DataFrame, previous: dict[str, pd.DataFrame] | None = None
) -> dict[str, Fit]:
    """Give every cluster of every method the number it is served under; returns the fits with their cluster_ids.

    `points` comes from `features.scale_features` of `features`, which has customer_id and monetary_amount. `previous` has
    the centres of an earlier run by method, on today's scale (`centres.previous_centres`): a cluster takes the number
    of the earlier one it is matched to. A method without them numbers its clusters by the mean monetary_amount of
    their members, 0 the highest. Raises ValueError when the customers do not match.
    """
    features = features.set_index("customer_id").sort_index()
    if not features.index.equals(points.index):
        raise ValueError("features and points must be about the same customers")
    values = features["monetary_amount"].to_numpy(dtype=float)
    return {
        method: replace(
            fit,
            cluster_ids=match_clusters(fit.centres, previous[method])
            if previous and method in previous
            else rank_clusters(fit.labels, values),
        )
        for method, fit in fits.items()
    }


def rank_clusters(labels: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Rank clusters so that 0 has the highest mean of `values`; equal means: larger, then first member.

    `labels` is an int array (n,) from 0 to k-1 and NOISE, `values` a float array (n,). Returns the rank of every label,
    int (k,).
    """
    clusters, first = np.unique(labels, return_index=True)
    members = {label: values[labels == label] for label in clusters}
    ranked = sorted(
        (-float(members[label].mean()), -len(members[label]), int(position), int(label))
        for label, position in zip(clusters, first, strict=True)
        if label != NOISE
    )
    ranks = np.empty(len(ranked), dtype=int)
    ranks[[label for *_, label in ranked]] = np.arange(len(ranked))
    return ranks


def match_clusters(centres: np.ndarray, previous: pd.DataFrame) -> np.ndarray:
    """Find for each of `centres` (k, d) the number of its cluster in `previous`; returns int (k,).

    `previous` has one row per earlier cluster, indexed by cluster_id, d columns on the same scale. The pairs are those
    with the least sum of squared distances (Hungarian method). Where there are more clusters than before, the ones
    left over get the numbers after the highest; where there are fewer, numbers are left free.
    """
    from scipy.optimize import linear_sum_assignment

    squared = ((centres[:, None, :] - previous.to_numpy()[None, :, :]) ** 2).sum(axis=2)
    rows, columns = linear_sum_assignment(squared)
    numbers = np.full(len(centres), NOISE)
    numbers[rows] = previous.index.to_numpy()[columns]
    unmatched = np.flatnonzero(numbers == NOISE)
    numbers[unmatched] = previous.index.max() + 1 + np.arange(len(unmatched))
    return numbers
