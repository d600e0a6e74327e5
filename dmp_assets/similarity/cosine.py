"""Cosine similarity of sparse rows, exact top-k.

sim(a, b) = sum a_i b_i / sqrt(sum a_i^2 * sum b_i^2) over all columns, an empty cell being 0 (Salton and McGill 1983,
chapter 4). On sets, where every stored value is 1, that is |a and b| / sqrt(|a| |b|), the Ochiai coefficient. What
weights make of the cells before is in `weights.py`.

sparse_dot_topn computes the products and keeps the best of each row, but which of several equal ones it keeps at the
cut depends on the order of the rows. So every row is made a little shorter than 1, the more the higher its position,
by 10^-9 in all: what ties on paper then comes in the order of positions, and the true length is put back afterwards.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy import sparse

from dmp_assets.similarity.blocks import (
    Neighbours,
    as_rating_matrix,
    check_at_least_1,
    common_counts,
    concatenated,
    with_values,
)

# Cosines that are closer than this count as equal.
DECIMALS = 9
# Neighbours asked for beyond the k-th and the row itself: the last bits of a sum can put two tied ones in wrong order.
SPARE = 4
# 10^9 - cosine * 10^9 and the position make one 64-bit key: sorting it is twenty times as fast as sorting by both.
_POSITION_BITS = 32
_NOTHING = np.iinfo(np.int64).max
# Rows that a thread sorts at a time: few enough to stay in the processor's cache.
_SORTED_ROWS = 2_048


def cosine_top_k(vectors: sparse.csr_array, k: int, *, n_jobs: int = 1) -> Neighbours:
    """Return the k rows of a matrix with the highest cosine to each row.

    A pair without a column in common is left out, and with it every row without a value other than 0. Rows that point
    the same way have similarity 1. Ties go to the lower position. Beside the matrix and the result this holds about
    30 bytes per row and neighbour.

    Example:
        >>> baskets = sparse.csr_array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1]])
        >>> found = cosine_top_k(baskets, k=1)
        >>> found.neighbour.tolist(), found.similarity.round(3).tolist()
        ([1, 0, 1], [0.816, 0.816, 0.408])

    Args:
        vectors: shape (rows, columns); weights of 0 or more, such as `weights.py` makes of counts.
        k: neighbours per row at most; fewer where fewer have a column in common.
        n_jobs: threads. Does not change the result.

    Returns:
        Neighbours within [0, 1], symmetric; `common_count` is the number of
        columns in common.

    Raises:
        ValueError: if a parameter is out of range, a value is negative or not finite, or a cell is stored twice.
            Ratings that go below 0 are for `pearson_top_k` and `adjusted_cosine_top_k`, which centre them.
    """
    unit = _checked_unit_rows(vectors, k, n_jobs)
    row, neighbour, rank, similarity = _nearest(unit, k, n_jobs)
    return Neighbours(row, neighbour, rank, similarity, _columns_in_common(unit, row, neighbour, similarity))


def cosine_weights(vectors: sparse.csr_array, k: int, *, n_jobs: int = 1) -> sparse.csr_array:
    """Return the similarities of `cosine_top_k` as a matrix: float64 CSR, rows x rows, without the diagonal.

    Without the columns in common, which take longer to count than all the rest.

    Raises:
        ValueError: as `cosine_top_k`.
    """
    row, neighbour, _, similarity = _nearest(_checked_unit_rows(vectors, k, n_jobs), k, n_jobs)
    weights = sparse.csr_array((similarity, (row, neighbour)), shape=(vectors.shape[0],) * 2)
    weights.sort_indices()
    return weights


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


def _checked_unit_rows(vectors: sparse.csr_array, k: int, n_jobs: int) -> sparse.csr_array:
    check_at_least_1(k=k, n_jobs=n_jobs)
    cells = as_rating_matrix(vectors)
    if (cells.data < 0).any():
        raise ValueError("cosine_top_k takes weights of 0 or more; compare ratings by pearson or adjusted_cosine")
    return unit_rows(cells)


def _nearest(unit: sparse.csr_array, k: int, n_jobs: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return row, neighbour, rank and similarity of the k nearest rows of each row, as in `Neighbours`."""
    if unit.nnz == 0:
        none = concatenated([])
        return none.row, none.neighbour, none.rank, none.similarity
    keys = _best_keys(unit, min(k + 1 + SPARE, unit.shape[0]), n_jobs)[:, :k]
    row, place = np.nonzero(keys != _NOTHING)
    chosen = keys[row, place]
    similarity = (1 - (chosen >> _POSITION_BITS) / 10**DECIMALS).round(DECIMALS)
    return row, chosen & ((1 << _POSITION_BITS) - 1), place + 1, similarity


def _best_keys(unit: sparse.csr_array, width: int, n_jobs: int) -> np.ndarray:
    """Return the `width` lowest keys of each row, ascending, without its own; _NOTHING where there is none."""
    from sparse_dot_topn import sp_matmul_topn

    # Long rows first: most sums then fall into few columns, which stay in the processor's cache (a fifth of the time).
    # Dealt out among the threads, each of which takes a run of rows, or one has all the long ones.
    order = np.argsort(-np.diff(unit.indptr), kind="stable")
    dealt = np.concatenate([order[thread::n_jobs] for thread in range(n_jobs)])
    shrink = 1 - np.arange(unit.shape[0]) * (10.0**-DECIMALS / unit.shape[0])
    shrunk = with_values(unit, unit.data * np.repeat(shrink, np.diff(unit.indptr)))
    found = sp_matmul_topn(
        sparse.csr_matrix(unit[dealt]),
        sparse.csr_matrix(shrunk[order].T.tocsr()),
        top_n=width,
        n_threads=n_jobs,
    )
    keys = np.full((unit.shape[0], width), _NOTHING)

    def fill(start: int) -> None:
        rows = dealt[start : start + _SORTED_ROWS]
        first, last = found.indptr[start], found.indptr[start + rows.size]
        listed = np.diff(found.indptr[start : start + rows.size + 1])
        line, other = np.repeat(np.arange(rows.size), listed), order[found.indices[first:last]]
        place = np.arange(first, last) - np.repeat(found.indptr[start : start + rows.size], listed)
        cosine = np.rint(found.data[first:last] / shrink[other] * 10**DECIMALS)
        distance = 10**DECIMALS - np.minimum(cosine, 10**DECIMALS).astype(np.int64)
        block = np.full((rows.size, width), _NOTHING)
        block[line, place] = np.where(rows[line] == other, _NOTHING, distance << _POSITION_BITS | other)
        block.sort(axis=1)
        keys[rows] = block

    with ThreadPoolExecutor(max_workers=n_jobs) as pool:
        list(pool.map(fill, range(0, dealt.size, _SORTED_ROWS)))
    return keys


def _columns_in_common(
    unit: sparse.csr_array, row: np.ndarray, neighbour: np.ndarray, similarity: np.ndarray
) -> np.ndarray:
    sizes = np.diff(unit.indptr)
    if np.array_equal(unit.data, np.repeat(1 / np.sqrt(np.maximum(sizes, 1)), sizes)):
        # The cosine of sets tells it, in a fiftieth of the time.
        return np.rint(similarity * np.sqrt(sizes[row] * sizes[neighbour].astype(np.float64))).astype(np.int64)
    return common_counts(unit, row, neighbour)
