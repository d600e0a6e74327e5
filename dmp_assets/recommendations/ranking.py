"""The best of each row of a sparse score matrix, and candidates scored over some of the products only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from dmp_assets.analysis.top_k import best_of_rows
from dmp_assets.recommendations.scores import (
    NOVEL_CANDIDATES,
    is_stored,
    keep_candidates,
    keep_entries,
    row_of_entries,
)

_BLOCK = 512


def best_places(scores: sparse.csr_array, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return each row's k highest stored scores, best first, ties to the lower column.

    Returns:
        Columns (int64, rows x k, -1 for an empty place) and their scores (float64, -inf for an empty place).
    """
    rows = row_of_entries(scores)
    kept = np.flatnonzero(scores.data >= _kth_highest(scores, k)[rows])
    found, rank = best_of_rows(rows[kept], scores.indices[kept], scores.data[kept], k)
    places = rows[kept[found]], rank - 1
    columns = np.full((scores.shape[0], k), -1, dtype=np.int64)
    best = np.full((scores.shape[0], k), -np.inf)
    columns[places], best[places] = scores.indices[kept[found]], scores.data[kept[found]]
    return columns, best


def _kth_highest(scores: sparse.csr_array, k: int) -> np.ndarray:
    """Return the k-th highest stored score of each row, -inf for rows with k or fewer.

    Rows of like length are padded to one table and partitioned together: sorting row by row takes five times as long.
    """
    lowest = np.full(scores.shape[0], -np.inf)
    sizes = np.diff(scores.indptr)
    long = np.flatnonzero(sizes > k)
    long = long[np.argsort(sizes[long], kind="stable")]
    for start in range(0, len(long), _BLOCK):
        rows = long[start : start + _BLOCK]
        places = np.arange(sizes[rows].max())
        cells = np.minimum(scores.indptr[rows][:, None] + places, scores.nnz - 1)
        padded = np.where(places < sizes[rows][:, None], scores.data[cells], -np.inf)
        lowest[rows] = np.partition(padded, len(places) - k, axis=1)[:, len(places) - k]
    return lowest


def merge_places(left: tuple[np.ndarray, np.ndarray], right: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Return the best columns of two tables of `best_places` of the same rows with different columns: rows x k."""
    k = left[0].shape[1]
    columns, values = np.hstack([left[0], right[0]]), np.hstack([left[1], right[1]])
    order = np.lexsort((columns, -values), axis=1)[:, :k]
    return np.take_along_axis(columns, order, axis=1)


def best_entries(scores: sparse.csr_array, k: int) -> sparse.csr_array:
    """Return the matrix with only the k highest stored scores of each row, ties to the lower column."""
    columns, _ = best_places(scores, k)
    rows = np.repeat(np.arange(scores.shape[0]), k)
    is_filled = columns.ravel() >= 0
    kept = sparse.csr_array(
        (np.ones(int(is_filled.sum())), (rows[is_filled], columns.ravel()[is_filled])), shape=scores.shape
    )
    kept.sort_indices()
    return keep_entries(scores, is_stored(kept, scores))


def keep_candidates_among(
    scores_of: Callable[[slice], np.ndarray | sparse.csr_array],
    products: np.ndarray,
    bought: sparse.csr_array,
    novel: int = NOVEL_CANDIDATES,
) -> sparse.csr_array:
    """Return what `scores.keep_candidates` returns where only some products can score above 0, in less time.

    Args:
        scores_of: gives the scores of a slice of the customers, rows x len(products), dense or sparse.
        products: the columns of `bought` that are scored, ascending.
        bought: order counts, customers x all products. A bought product that is not scored is kept with score 0.
        novel: products never bought to keep per customer.
    """
    place = np.full(bought.shape[1], -1, dtype=np.int64)
    place[products] = np.arange(len(products))
    is_scored = place[bought.indices] >= 0
    own = keep_entries(bought, is_scored)
    size = (bought.shape[0], len(products))
    own = sparse.csr_array((own.data, place[own.indices], own.indptr), shape=size)
    kept = keep_candidates(scores_of, own, novel)
    unscored = keep_entries(bought, ~is_scored)
    rows = np.concatenate([row_of_entries(kept), row_of_entries(unscored)])
    columns = np.concatenate([products[kept.indices], unscored.indices])
    result = sparse.csr_array((np.concatenate([kept.data, np.zeros(unscored.nnz)]), (rows, columns)), bought.shape)
    result.sort_indices()
    return result
