"""Which setting of a method: evidence for each one and the rule that chooses.

The silhouette alone always prefers k = 2 (active against inactive), which says nothing that a marketer does not know.
The rule here, the same for every method, is the setting that finds most clusters, at least MINIMUM_K, of those that
come back when the customers are drawn again (mean bootstrap ARI of at least MINIMUM_STABILITY) and have no cluster below
MINIMUM_CLUSTER_SHARE; where none does, the most stable setting.

Sources: Fang & Wang (2012), Selection of the number of clusters via the bootstrap method; Hubert & Arabie (1985),
adjusted Rand index; Rousseeuw (1987), silhouette; Calinski & Harabasz (1974); Davies & Bouldin (1979).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from dmp_assets.clusters.kmeans import count_distinct
from dmp_assets.clusters.methods import METHODS, NOISE, SERVED_METHOD, Fit, Method, pairwise_rows

MINIMUM_K = 3
MINIMUM_STABILITY = 0.85
MINIMUM_CLUSTER_SHARE = 0.03
LEAST_DIFFERENT = 3
"""Customers that differ, below which there is nothing to part."""


def select_clusters(
    points: pd.DataFrame, as_of_on: date, *, methods: Mapping[str, Method] = METHODS, seed: int = 0
) -> tuple[pd.DataFrame, dict[str, Fit]]:
    """Build clusters.cluster_selection, one row per method and setting, and the chosen partition of each method.

    `points` comes from `features.scale_features`. Columns: method, those of `evaluate_settings` and `choose_setting`,
    as_of_on. Where fewer than LEAST_DIFFERENT customers differ, everybody is in one cluster of SERVED_METHOD, and the other
    methods have none.
    """
    values = points.to_numpy()
    is_too_few = count_distinct(values, at_most=LEAST_DIFFERENT) < LEAST_DIFFERENT
    if is_too_few:
        methods = {SERVED_METHOD: replace(methods[SERVED_METHOD], settings=lambda _: [1])}
    tables, chosen = [], {}
    for name, method in methods.items():
        evidence, fits = evaluate_settings(values, method, seed=seed)
        table = choose_setting(evidence)
        table.insert(0, "method", name)
        tables.append(table)
        chosen[name] = fits[int(table["is_chosen"].to_numpy().argmax())]
    selection = pd.concat(tables, ignore_index=True).assign(as_of_on=pd.Timestamp(as_of_on))
    if is_too_few:
        selection["reason"] = f"everybody in one cluster: fewer than {LEAST_DIFFERENT} customers differ"
    return selection.astype({"k": "int64", "as_of_on": "datetime64[us]"}), chosen


def evaluate_settings(points: np.ndarray, method: Method, *, seed: int = 0) -> tuple[pd.DataFrame, list[Fit]]:
    """Collect the evidence for every setting of a method, one row each, and the partitions behind it.

    Columns: setting, k (clusters found, without noise), noise_share, inertia (squared distances to the means of the
    clusters), silhouette, calinski_harabasz, davies_bouldin (null for fewer than two clusters), stability_ari,
    smallest_cluster_share (0 without any cluster). Noise counts for the stability only. `points` is (n, d), scaled.
    """
    from sklearn.metrics import pairwise_distances

    settings = method.settings(points)
    fits = method.partitions(points, settings, seed)
    stability = bootstrap_stability(points, method, settings, fits, seed=seed)
    sample = pairwise_rows(len(points), seed)
    distances = pairwise_distances(points[sample])
    rows = [
        {
            "setting": fit.setting,
            **_sizes(fit.labels),
            **_separation(points, fit.labels),
            "silhouette": _silhouette(distances, fit.labels[sample]),
            "stability_ari": score,
        }
        for fit, score in zip(fits, stability, strict=True)
    ]
    measures = ["inertia", "silhouette", "calinski_harabasz", "davies_bouldin"]
    columns = ["setting", "k", "noise_share", *measures, "stability_ari", "smallest_cluster_share"]
    return pd.DataFrame(rows)[columns], fits


def bootstrap_stability(
    points: np.ndarray, method: Method, settings: list[int], fits: list[Fit], *, seed: int = 0
) -> list[float]:
    """Mean adjusted Rand index, by setting, between `fits` and the clusters found in bootstrap samples of the points.

    Each of the method's n_bootstraps samples of n points (n, d), drawn with replacement, is clustered in every setting, all
    original points get the label that this clustering predicts, and the two partitions are compared: 1 is the same,
    0 is chance. Noise counts as a cluster of its own.
    """
    from sklearn.metrics import adjusted_rand_score

    generator = np.random.default_rng(seed)
    scores = []
    for _ in range(method.n_bootstraps):
        sample = points[generator.integers(0, len(points), len(points))]
        refits = method.partitions(sample, settings, seed)
        scores.append(
            [
                float(adjusted_rand_score(fit.labels, refit.predict(points)))
                for fit, refit in zip(fits, refits, strict=True)
            ]
        )
    return np.mean(scores, axis=0).tolist()


def choose_setting(evidence: pd.DataFrame) -> pd.DataFrame:
    """`evidence` of `evaluate_settings` with is_chosen (exactly one true) and the reason for each setting in words.

    Of settings with as many clusters the more stable one is preferred, then the first.
    """
    candidates = evidence[evidence["k"] >= min(MINIMUM_K, evidence["k"].max())]
    eligible = candidates[
        (candidates["stability_ari"] >= MINIMUM_STABILITY)
        & (candidates["smallest_cluster_share"] >= MINIMUM_CLUSTER_SHARE)
    ]
    if eligible.empty:
        ranked = candidates.sort_values(["stability_ari", "k"], ascending=[False, True], kind="stable")
        rule = "chosen as the most stable: no setting meets both limits"
    else:
        ranked = eligible.sort_values(["k", "stability_ari"], ascending=False, kind="stable")
        rule = "chosen: the most clusters that are stable and none of them tiny"
    chosen = ranked.index[0]
    table = evidence.assign(is_chosen=evidence.index == chosen)
    best = evidence.loc[chosen]
    table["reason"] = [rule + _facts(row) if row["is_chosen"] else _reason(row, best) for _, row in table.iterrows()]
    return table


def _reason(row: pd.Series, chosen: pd.Series) -> str:
    if row["k"] == 0:
        return "no cluster: every customer is noise"
    if row["k"] == 1:
        return "one cluster only, which parts nobody but the noise" + _facts(row)
    if row["k"] < MINIMUM_K:
        return f"below {MINIMUM_K} clusters only active and inactive customers part" + _facts(row)
    if row["stability_ari"] < MINIMUM_STABILITY:
        return f"not stable: bootstrap ARI {row['stability_ari']:.2f} is below {MINIMUM_STABILITY:.2f}"
    if row["smallest_cluster_share"] < MINIMUM_CLUSTER_SHARE:
        share = 100 * row["smallest_cluster_share"]
        return f"a tiny cluster: {share:.1f} % of customers is below {100 * MINIMUM_CLUSTER_SHARE:.0f} %"
    better = "more clusters" if chosen["k"] > row["k"] else "clusters at least as stable"
    return f"stable, but {chosen['setting']} gives {better}" + _facts(row)


def _facts(row: pd.Series) -> str:
    return f" (bootstrap ARI {row['stability_ari']:.2f}, smallest cluster {100 * row['smallest_cluster_share']:.1f} %)"


def _sizes(labels: np.ndarray) -> dict[str, float]:
    sizes = np.bincount(labels[labels != NOISE])
    return {
        "k": len(sizes),
        "noise_share": float((labels == NOISE).mean()),
        "smallest_cluster_share": float(sizes.min() / len(labels)) if len(sizes) else 0.0,
    }


def _separation(points: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Measure how far apart the clusters are, without noise."""
    from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score

    points, labels = points[labels != NOISE], labels[labels != NOISE]
    means = np.array([points[labels == label].mean(axis=0) for label in range(labels.max(initial=-1) + 1)])
    is_defined = 2 <= len(means) < len(points)
    return {
        "inertia": float(((points - means[labels]) ** 2).sum()) if len(means) else 0.0,
        "calinski_harabasz": float(calinski_harabasz_score(points, labels)) if is_defined else np.nan,
        "davies_bouldin": float(davies_bouldin_score(points, labels)) if is_defined else np.nan,
    }


def _silhouette(distances: np.ndarray, labels: np.ndarray) -> float:
    """Mean silhouette over the points in a cluster; null where fewer than two clusters are seen."""
    from sklearn.metrics import silhouette_score

    clustered = np.flatnonzero(labels != NOISE)
    if len(clustered) < len(labels):
        distances, labels = distances[np.ix_(clustered, clustered)], labels[clustered]
    if not 2 <= len(np.unique(labels)) < len(labels):
        return np.nan
    return float(silhouette_score(distances, labels, metric="precomputed"))
