"""The clustering methods behind one interface: points and settings in, a partition per setting out.

A method is a grid of settings and a function that fits all of them, so that work which settings share (Ward's tree) is
done once. `METHODS` holds them; add a method there.

Sources: Ward (1963), Hierarchical grouping to optimize an objective function; Ester et al. (1996), DBSCAN; Campello
et al. (2013), HDBSCAN; Dempster et al. (1977), EM for mixtures; Sander et al. (1998) for min_samples of twice the
number of features; Satopää et al. (2011), Kneedle, for the knee of the k-distance curve.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dmp_assets.clusters.kmeans import count_distinct, fit_kmeans, nearest_centre, one_thread

NOISE = -1
SERVED_METHOD = "kmeans"
"""The method whose names are used downstream."""

KS = range(2, 9)
# Least cluster of HDBSCAN, as shares of the customers compared (and at least LEAST_MEMBERS).
CLUSTER_SHARES = (0.005, 0.01, 0.02, 0.03)
LEAST_MEMBERS = 5
# Ward's tree, the density methods and the silhouette compare pairs: beyond this many customers they see a seeded sample, and
# every other customer takes the label of the nearest one in it.
PAIRWISE_LIMIT = 5_000


@dataclass(frozen=True)
class Fit:
    """One partition of n points.

    Attributes:
        setting: what was asked for, in words.
        labels: int (n,), 0 to k-1, NOISE for points in no cluster.
        centres: float (k, d), the method's centres, or the members' means where it has none.
        has_centres: whether the method itself has centres.
        predict: the label of any further points (m, d).
        cluster_ids: int (k,), the number that each label is served under.
    """

    setting: str
    labels: np.ndarray
    centres: np.ndarray
    has_centres: bool
    predict: Callable[[np.ndarray], np.ndarray]
    cluster_ids: np.ndarray

    @property
    def served_labels(self) -> np.ndarray:
        """The cluster_id of every point, NOISE for noise."""
        return np.append(self.cluster_ids, NOISE)[self.labels]


@dataclass(frozen=True)
class Method:
    """A clustering method.

    Attributes:
        settings: the settings to try on points (n, d).
        fit: fits every setting to points (n, d) with a seed.
        n_bootstraps: samples behind its stability; the served method's choice hangs on it, so that one has most.
        is_pairwise: whether it compares pairs of points (see PAIRWISE_LIMIT).
    """

    settings: Callable[[np.ndarray], list[int]]
    fit: Callable[[np.ndarray, Sequence[int], int], list[Fit]]
    n_bootstraps: int = 5
    is_pairwise: bool = False

    def partitions(self, points: np.ndarray, settings: Sequence[int], seed: int) -> list[Fit]:
        """Fit every setting, on a sample where there are too many points to compare pairs."""
        with one_thread():
            if not self.is_pairwise or len(points) <= PAIRWISE_LIMIT:
                return self.fit(points, settings, seed)
            fits = self.fit(points[pairwise_rows(len(points), seed)], settings, seed)
            return [replace(fit, labels=fit.predict(points)) for fit in fits]


def pairwise_rows(count: int, seed: int = 0) -> np.ndarray:
    """Row numbers of `count` points to compare in pairs: all, or a seeded sample of PAIRWISE_LIMIT, ascending."""
    if count <= PAIRWISE_LIMIT:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, PAIRWISE_LIMIT, replace=False))


def ward_tree(points: np.ndarray) -> np.ndarray:
    """Merge the points (n, d) by Ward's criterion; returns SciPy's linkage matrix (n-1, 4)."""
    from scipy.cluster.hierarchy import linkage

    return linkage(points, "ward")


def knee_distance(points: np.ndarray, min_samples: int) -> float:
    """Find ε for DBSCAN: the knee of the sorted distances to the `min_samples`-th nearest point, itself counted.

    The knee is where the curve, both axes scaled to 0..1, lies farthest below its chord (Kneedle for a convex rising
    curve). Points that are all equal have no knee; any ε then gives the same clusters, and 1.0 is returned.
    """
    from scipy.spatial import KDTree

    distances = np.sort(KDTree(points).query(points, k=[min(min_samples, len(points))])[0][:, 0])
    rise = distances[-1] - distances[0]
    if rise == 0:
        return float(distances[0]) or 1.0
    below_chord = np.linspace(0, 1, len(distances)) - (distances - distances[0]) / rise
    return float(distances[below_chord.argmax()]) or float(distances[distances > 0][0])


def _feasible_ks(points: np.ndarray) -> list[int]:
    """Return the numbers of clusters below the number of distinct points, so that a silhouette is defined."""
    distinct = count_distinct(points, at_most=max(KS) + 1)
    return [k for k in KS if k < distinct]


def _fit_kmeans(points: np.ndarray, ks: Sequence[int], seed: int) -> list[Fit]:
    fits = []
    for k in ks:
        fit = fit_kmeans(points, count_distinct(points, at_most=k), seed=seed)

        def predict(others: np.ndarray, centres: np.ndarray = fit.centres) -> np.ndarray:
            return nearest_centre(others, centres)

        fits.append(Fit(f"k = {k}", fit.labels, fit.centres, True, predict, np.arange(len(fit.centres))))
    return fits


def _fit_ward(points: np.ndarray, ks: Sequence[int], _seed: int) -> list[Fit]:
    from scipy.cluster.hierarchy import fcluster

    tree = ward_tree(points)
    return [_without_centres(f"k = {k}", points, fcluster(tree, k, "maxclust") - 1) for k in ks]


def _fit_mixture(points: np.ndarray, ks: Sequence[int], seed: int) -> list[Fit]:
    from sklearn.mixture import GaussianMixture

    fits = []
    for k in ks:
        # Full covariances, started from K-Means. Tolerance: the default of 1e-3 takes 5 times as long for k = 8.
        model = GaussianMixture(count_distinct(points, at_most=k), tol=1e-2, random_state=seed).fit(points)
        # A component may be nobody's most likely one: labels stay without gaps.
        found, labels = np.unique(model.predict(points), return_inverse=True)

        def predict(others: np.ndarray, model: GaussianMixture = model) -> np.ndarray:
            return model.predict(others)

        fits.append(Fit(f"k = {k}", labels, model.means_[found], True, predict, np.arange(len(found))))
    return fits


def _fit_dbscan(points: np.ndarray, min_samples: Sequence[int], _seed: int) -> list[Fit]:
    from sklearn.cluster import DBSCAN

    fits = []
    for samples in min_samples:
        epsilon = knee_distance(points, samples)
        labels = DBSCAN(eps=epsilon, min_samples=samples).fit(points).labels_
        fits.append(_without_centres(f"min_samples = {samples}, eps = {epsilon:.3f}", points, labels))
    return fits


def _fit_hdbscan(points: np.ndarray, sizes: Sequence[int], _seed: int) -> list[Fit]:
    from sklearn.cluster import HDBSCAN

    fits = []
    for size in sizes:
        samples = min(2 * points.shape[1], len(points))
        labels = HDBSCAN(min_cluster_size=size, min_samples=samples, copy=True).fit(points).labels_
        fits.append(_without_centres(f"min_cluster_size = {size}, min_samples = {samples}", points, labels))
    return fits


def _cluster_sizes(points: np.ndarray) -> list[int]:
    """Return the least cluster sizes to try: CLUSTER_SHARES of the points that are compared in pairs."""
    compared = min(len(points), PAIRWISE_LIMIT)
    return sorted({max(LEAST_MEMBERS, round(share * compared)) for share in CLUSTER_SHARES})


def _without_centres(setting: str, points: np.ndarray, labels: np.ndarray) -> Fit:
    """A partition by a method without centres: a further point takes the label of the nearest of `points`."""
    from scipy.spatial import KDTree

    ids = np.arange(labels.max() + 1)
    means = np.array([points[labels == label].mean(axis=0) for label in ids]).reshape(len(ids), points.shape[1])
    return Fit(setting, labels, means, False, lambda others: labels[KDTree(points).query(others)[1]], ids)


METHODS: dict[str, Method] = {
    "kmeans": Method(_feasible_ks, _fit_kmeans, n_bootstraps=25),
    "ward": Method(_feasible_ks, _fit_ward, is_pairwise=True),
    "gaussian_mixture": Method(_feasible_ks, _fit_mixture),
    "dbscan": Method(lambda points: [factor * points.shape[1] for factor in (1, 2, 4)], _fit_dbscan, is_pairwise=True),
    "hdbscan": Method(_cluster_sizes, _fit_hdbscan, is_pairwise=True),
}
