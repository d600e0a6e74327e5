"""Cosine similarity of sparse rows, exact top-k.

sim(a, b) = sum a_i b_i / sqrt(sum a_i^2 * sum b_i^2) over all columns, an empty cell being 0 (Salton and McGill 1983,
chapter 4). On sets, where every stored value is 1, that is |a and b| / sqrt(|a| |b|), the Ochiai coefficient. What
weights make of the cells before is in `weights.py`.

sparse_dot_topn computes the products and keeps the best of each row, but which of several equal ones it keeps at the
cut depends on the order of the rows. So it is asked for a few more than k. A row whose last value is below its k-th is
settled; in the others all products equal to the k-th are looked up and the lowest positions taken.
"""

import numpy as np
from scipy import sparse

from dmp_assets.similarity.blocks import (
    BLOCK_PRODUCTS,
    SIMILARITY_DECIMALS,
    Neighbours,
    as_rating_matrix,
    check_at_least_1,
    common_counts,
    product_blocks,
)

# Neighbours asked for beyond the k-th, to see whether it ties with the next.
SPARE = 4
# A value in units of 10^-12, counted down from 1, and a position share one 64-bit key, so that one sort orders both.
_UNITS = 10**SIMILARITY_DECIMALS
_POSITION_BITS = 22
_NOTHING = np.iinfo(np.int64).max


def cosine_top_k(vectors: sparse.csr_array, k: int, *, n_jobs: int = 1) -> Neighbours:
    """Return the k rows of a matrix with the highest cosine to each row.

    A pair without a column in common is left out, and with it every row without a value other than 0. Rows that point
    the same way have similarity 1. Ties go to the lower position. Beside the matrix and the result this holds about
    30 bytes per row and neighbour and a fixed amount.

    Example:
        >>> baskets = sparse.csr_array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1]])
        >>> found = cosine_top_k(baskets, k=1)
        >>> found.neighbour.tolist(), found.similarity.round(3).tolist()
        ([1, 0, 1], [0.816, 0.816, 0.408])

    Args:
        vectors: shape (rows, columns); any finite numbers, weighted as wished; at most 4,194,304 rows.
        k: neighbours per row at most; fewer where fewer have a column in common.
        n_jobs: threads. Does not change the result.

    Returns:
        Neighbours within [-1, 1], within [0, 1] if no value is negative; symmetric; `common_count` is the number of
        columns in common.

    Raises:
        ValueError: if a parameter is out of range, a value is not finite, a cell is stored twice or there are too
            many rows.
    """
    check_at_least_1(k=k, n_jobs=n_jobs)
    if vectors.shape[0] > 1 << _POSITION_BITS:
        raise ValueError(f"{vectors.shape[0]:,} rows; cosine_top_k compares at most {1 << _POSITION_BITS:,}")
    unit = unit_rows(as_rating_matrix(vectors))
    if unit.nnz == 0:
        keys = np.empty((unit.shape[0], 0), dtype=np.int64)
    else:
        keys = _best_keys(unit, k, n_jobs)
    row, place = np.nonzero(keys != _NOTHING)
    chosen = keys[row, place]
    neighbour, similarity = chosen & ((1 << _POSITION_BITS) - 1), 1 - (chosen >> _POSITION_BITS) / _UNITS
    similarity = similarity.round(SIMILARITY_DECIMALS)
    return Neighbours(row, neighbour, place + 1, similarity, _columns_in_common(unit, row, neighbour, similarity))


def unit_rows(cells: sparse.csr_array) -> sparse.csr_array:
    """Return the rows scaled to length 1, without stored zeros; a row of zeros stays empty."""
    cells = cells.copy()
    cells.eliminate_zeros()
    row = np.repeat(np.arange(cells.shape[0]), np.diff(cells.indptr))
    # By the largest first, or squares of large numbers overflow and those of small ones vanish.
    largest = np.zeros(cells.shape[0])
    np.maximum.at(largest, row, np.abs(cells.data))
    scaled = cells.data / largest[row]
    length = np.sqrt(np.bincount(row, weights=scaled**2, minlength=cells.shape[0]))
    return sparse.csr_array((scaled / length[row], cells.indices, cells.indptr), shape=cells.shape)


def _best_keys(unit: sparse.csr_array, k: int, n_jobs: int) -> np.ndarray:
    """Return the k lowest keys of each row, ascending; shape (rows, k), _NOTHING where there is none."""
    from sparse_dot_topn import sp_matmul_topn

    # Long rows first: most sums then fall into few columns, which stay in the processor's cache (a fifth of the time).
    # Dealt out among the threads, each of which takes a run of rows, or one has all the long ones.
    order = np.argsort(-np.diff(unit.indptr), kind="stable")
    dealt = np.concatenate([order[thread::n_jobs] for thread in range(n_jobs)])
    width = k + 1 + SPARE
    found = sp_matmul_topn(
        sparse.csr_matrix(unit[dealt]),
        sparse.csr_matrix(unit[order].T.tocsr()),
        top_n=width,
        # Below every cosine: left alone, it drops the negative ones.
        threshold=-2.0,
        n_threads=n_jobs,
    )
    listed = np.diff(found.indptr)
    row, neighbour = np.repeat(dealt, listed), order[found.indices]
    place = np.arange(found.nnz) - np.repeat(found.indptr[:-1], listed)
    keys = np.full((unit.shape[0], width), _NOTHING)
    keys[row, place] = np.where(row == neighbour, _NOTHING, _distance(found.data) << _POSITION_BITS | neighbour)
    keys.sort(axis=1)
    is_full = np.zeros(unit.shape[0], dtype=bool)
    is_full[dealt] = listed == width
    # The row itself, if it was listed, is in the last place now.
    last = np.where(keys[:, -1] == _NOTHING, keys[:, -2], keys[:, -1])
    kth = keys[:, k - 1] >> _POSITION_BITS
    _settle_ties(keys, np.flatnonzero(is_full & (kth == last >> _POSITION_BITS)), kth, unit)
    return keys[:, :k]


def _settle_ties(keys: np.ndarray, rows: np.ndarray, kth: np.ndarray, unit: sparse.csr_array) -> None:
    """Put the lowest positions among all that are as far from a row as its k-th into the keys of `rows`."""
    nearer = (keys[rows] >> _POSITION_BITS < kth[rows, None]).sum(axis=1)
    wanted, columns = unit[rows], unit.T.tocsr()
    for block in product_blocks(wanted, columns, BLOCK_PRODUCTS):
        product = wanted[block] @ columns
        at = np.repeat(np.arange(block.start, block.stop), np.diff(product.indptr))
        is_tied = (_distance(product.data) == kth[rows[at]]) & (product.indices != rows[at])
        tied = np.sort(at[is_tied] << _POSITION_BITS | product.indices[is_tied])
        at, neighbour = tied >> _POSITION_BITS, tied & ((1 << _POSITION_BITS) - 1)
        place = nearer[at] + np.arange(at.size) - np.searchsorted(at, at)
        kept = place < keys.shape[1]
        at, neighbour, place = at[kept], neighbour[kept], place[kept]
        keys[rows[at], place] = kth[rows[at]] << _POSITION_BITS | neighbour


def _distance(similarity: np.ndarray) -> np.ndarray:
    """Return 1 - similarity in units of 10^-12, from 0 to 2 * 10^12."""
    return np.clip(_UNITS - np.rint(similarity * _UNITS), 0, 2 * _UNITS).astype(np.int64)


def _columns_in_common(
    unit: sparse.csr_array, row: np.ndarray, neighbour: np.ndarray, similarity: np.ndarray
) -> np.ndarray:
    sizes = np.diff(unit.indptr)
    if np.array_equal(unit.data, np.repeat(1 / np.sqrt(np.maximum(sizes, 1)), sizes)):
        # The cosine of sets tells it, in a fiftieth of the time.
        return np.rint(similarity * np.sqrt(sizes[row] * sizes[neighbour].astype(np.float64))).astype(np.int64)
    return common_counts(unit, row, neighbour)
