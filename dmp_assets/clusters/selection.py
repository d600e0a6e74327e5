"""How many clusters: evidence for every k and the rule that chooses.

The silhouette alone always prefers k = 2 (active against inactive), which says nothing that a marketer does not know.
The rule here is the largest k of at least MINIMUM_K that comes back when the customers are drawn again (mean
bootstrap ARI of at least MINIMUM_STABILITY) and has no cluster below MINIMUM_CLUSTER_SHARE; where none does, the most
stable k.

Sources: Fang & Wang (2012), Selection of the number of clusters via the bootstrap method; Hubert & Arabie (1985),
adjusted Rand index; Rousseeuw (1987), silhouette; Calinski & Harabasz (1974); Davies & Bouldin (1979).
"""

from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd

from dmp_assets.clusters.kmeans import METHOD, TooFewPointsError, fit_kmeans, has_distinct_rows, nearest_centre

MINIMUM_K = 3
MINIMUM_STABILITY = 0.85
MINIMUM_CLUSTER_SHARE = 0.03
# The silhouette compares every pair: beyond this many customers it is taken over a seeded sample.
SILHOUETTE_SAMPLE = 5_000


def bootstrap_stability(
    points: np.ndarray, k: int, *, labels: np.ndarray, seed: int = 0, n_bootstraps: int = 25
) -> float:
    """Mean adjusted Rand index between `labels` and the clusters found in bootstrap samples of the points.

    Each sample of n points drawn with replacement is clustered, every original point goes to its nearest centre, and
    the two partitions of all n points are compared: 1 is the same partition, 0 is chance. A sample with fewer than k
    distinct points has no k clusters and counts as 0. `points` is (n, d), `labels` (n,).
    """
    from sklearn.metrics import adjusted_rand_score

    generator = np.random.default_rng(seed)
    scores = []
    for _ in range(n_bootstraps):
        sample = points[generator.integers(0, len(points), len(points))]
        try:
            # Measured: 1 or 3 runs end in poor local optima and blame the clusters for it (k = 4: 0.60, 0.83), 5 give
            # 0.87.
            centres = fit_kmeans(sample, k, seed=seed, n_init=5).centres
        except TooFewPointsError:
            scores.append(0.0)
            continue
        scores.append(float(adjusted_rand_score(labels, nearest_centre(points, centres))))
    return float(np.mean(scores))


def evaluate_k(
    points: np.ndarray, ks: Iterable[int] = range(2, 9), *, seed: int = 0, n_bootstraps: int = 25
) -> pd.DataFrame:
    """Collect the evidence for every k of at least 2, one row each, sorted by k.

    Columns: k, inertia, silhouette, calinski_harabasz, davies_bouldin, stability_ari, smallest_cluster_share.
    `points` is a float array (n, d) of scaled features. A k that is not below the number of distinct points has no
    defined silhouette and is left out; raises TooFewPointsError when none remains.
    """
    from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score

    feasible = sorted(k for k in ks if k > 1 and has_distinct_rows(points, k + 1))
    if not feasible:
        raise TooFewPointsError(f"clusters need at least 3 customers that differ; of these {len(points)} fewer do")
    rows = []
    for k in feasible:
        fit = fit_kmeans(points, k, seed=seed)
        sample = _silhouette_sample(fit.labels, seed)
        rows.append(
            {
                "k": k,
                "inertia": fit.inertia,
                "silhouette": float(silhouette_score(points[sample], fit.labels[sample])),
                "calinski_harabasz": float(calinski_harabasz_score(points, fit.labels)),
                "davies_bouldin": float(davies_bouldin_score(points, fit.labels)),
                "stability_ari": bootstrap_stability(
                    points, k, labels=fit.labels, seed=seed, n_bootstraps=n_bootstraps
                ),
                "smallest_cluster_share": float(np.bincount(fit.labels).min() / len(points)),
            }
        )
    return pd.DataFrame(rows)


def choose_k(evidence: pd.DataFrame) -> pd.DataFrame:
    """`evidence` of `evaluate_k` with is_chosen (exactly one true) and the reason for each k in words."""
    candidates = evidence[evidence["k"] >= MINIMUM_K]
    if candidates.empty:
        candidates = evidence
    eligible = candidates[
        (candidates["stability_ari"] >= MINIMUM_STABILITY)
        & (candidates["smallest_cluster_share"] >= MINIMUM_CLUSTER_SHARE)
    ]
    if eligible.empty:
        chosen = int(candidates.sort_values(["stability_ari", "k"], ascending=[False, True])["k"].iloc[0])
        rule = "chosen as the most stable: no k meets both limits"
    else:
        chosen = int(eligible["k"].max())
        rule = "chosen: the largest k that is stable and has no tiny cluster"
    table = evidence.assign(is_chosen=evidence["k"] == chosen)
    table["reason"] = [_reason(row, chosen, rule) for row in evidence.to_dict("records")]
    return table


def cluster_selection(
    points: pd.DataFrame,
    as_of_on: date,
    *,
    ks: Iterable[int] = range(2, 9),
    seed: int = 0,
    n_bootstraps: int = 25,
) -> pd.DataFrame:
    """Build clusters.cluster_selection: one row per k, sorted by k.

    `points` comes from `features.transform_features`. Columns: method, those of `evaluate_k` and
    `choose_k`, as_of_on. Raises TooFewPointsError like `evaluate_k`.
    """
    table = choose_k(evaluate_k(points.to_numpy(), ks, seed=seed, n_bootstraps=n_bootstraps))
    table.insert(0, "method", METHOD)
    table["as_of_on"] = pd.Timestamp(as_of_on)
    return table.astype({"k": "int64", "as_of_on": "datetime64[us]"})


def chosen_k(selection: pd.DataFrame) -> int:
    """Read the k that `cluster_selection` chose."""
    return int(selection.loc[selection["is_chosen"], "k"].item())


def _reason(row: dict, chosen: int, rule: str) -> str:
    k, stability, smallest = row["k"], row["stability_ari"], row["smallest_cluster_share"]
    facts = f"bootstrap ARI {stability:.2f}, smallest cluster {100 * smallest:.1f} %"
    if k == chosen:
        return f"{rule} ({facts})"
    if k < MINIMUM_K:
        return f"not considered: below {MINIMUM_K} clusters only active and inactive customers part ({facts})"
    if stability < MINIMUM_STABILITY:
        return f"not stable: bootstrap ARI {stability:.2f} is below {MINIMUM_STABILITY:.2f}"
    if smallest < MINIMUM_CLUSTER_SHARE:
        return f"a tiny cluster: {100 * smallest:.1f} % of customers is below {100 * MINIMUM_CLUSTER_SHARE:.0f} %"
    return f"stable, but so is the larger k = {chosen} ({facts})"


def _silhouette_sample(labels: np.ndarray, seed: int) -> np.ndarray:
    """Row numbers for the silhouette: all rows, or a seeded sample that keeps one member of each cluster."""
    if len(labels) <= SILHOUETTE_SAMPLE:
        return np.arange(len(labels))
    _, one_of_each = np.unique(labels, return_index=True)
    drawn = np.random.default_rng(seed).choice(len(labels), SILHOUETTE_SAMPLE, replace=False)
    return np.union1d(one_of_each, drawn)
