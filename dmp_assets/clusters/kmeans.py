"""K-Means: a fit that gives the same labels from run to run.

Sources: Lloyd (1982), Least squares quantization in PCM (the iteration); Arthur & Vassilvitskii (2007), k-means++
(the seeding); Sculley (2010), Web-scale k-means clustering (mini-batches).
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

# Beyond this many customers the centres are fitted on mini-batches of this size: a whole iteration then costs more than
# it adds to the centres.
MINI_BATCH_ABOVE = 100_000
MINI_BATCH_SIZE = 4_096


class TooFewPointsError(ValueError):
    """Fewer distinct points than the clusters asked for."""


@dataclass(frozen=True)
class KMeansFit:
    """Labels int (n,) from 0 to k-1, centres float (k, d), inertia: sum of squared distances to the own centre."""

    labels: np.ndarray
    centres: np.ndarray
    inertia: float


def fit_kmeans(
    points: np.ndarray, k: int, *, seed: int = 0, n_init: int = 5, initial_centres: np.ndarray | None = None
) -> KMeansFit:
    """Fit K-Means: the best of `n_init` K-Means runs by inertia, or the single run from `initial_centres` (k, d).

    `points` is a float array (n, d) without missing values; beyond MINI_BATCH_ABOVE rows the runs are mini-batch
    K-Means. Runs on one thread: the same input and seed give the same labels. Raises TooFewPointsError when the points
    hold fewer than k distinct rows, because k clusters then do not exist.

    >>> fit_kmeans(np.array([[0.0], [1.0], [9.0]]), 2).centres.round(1).tolist() in ([[0.5], [9.0]], [[9.0], [0.5]])
    True
    """
    from sklearn.cluster import KMeans, MiniBatchKMeans

    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    if count_distinct(points, at_most=k) < k:
        raise TooFewPointsError(
            f"k={k} clusters need at least {k} customers that differ; of these {len(points)} fewer do"
        )
    # Measured on the stability of clusters: 1 or 3 runs end in poor local optima and blame the clusters for it (k = 4: 0.60,
    # 0.83), 5 give 0.87. Starting from known centres instead finds them again too easily (k = 6: 0.85, not 0.72).
    init = "k-means++" if initial_centres is None else np.asarray(initial_centres, dtype=float)
    n_init = n_init if initial_centres is None else 1
    if len(points) > MINI_BATCH_ABOVE:
        model = MiniBatchKMeans(k, init=init, n_init=n_init, random_state=seed, batch_size=MINI_BATCH_SIZE)
    else:
        model = KMeans(k, init=init, n_init=n_init, random_state=seed)
    with one_thread():
        model.fit(points)
    centres, labels = model.cluster_centers_, nearest_centre(points, model.cluster_centers_)
    return KMeansFit(labels, centres, inertia=float(((points - centres[labels]) ** 2).sum()))


def count_distinct(points: np.ndarray, *, at_most: int) -> int:
    """Count the different rows of `points` (n, d); stops reading at `at_most`."""
    seen: set[bytes] = set()
    for row in points:
        if len(seen) >= at_most:
            break
        seen.add((row + 0.0).tobytes())  # + 0.0: minus zero is zero
    return len(seen)


def nearest_centre(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Row number of the nearest of `centres` (k, d) for each of `points` (n, d); ties go to the first."""
    return ((centres**2).sum(axis=1) - 2 * points @ centres.T).argmin(axis=1)


@contextmanager
def one_thread() -> Generator[None]:
    """Keep numerical libraries on one thread: at this size a second costs more than it brings, and the order of a sum is exact."""
    with _threads().limit(limits=1):
        yield


@cache
def _threads() -> "ThreadpoolController":
    """Find the thread pools of the process: takes 3 ms, so once, after scikit-learn has loaded its own."""
    import sklearn.cluster  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
