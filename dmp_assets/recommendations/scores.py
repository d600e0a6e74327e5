"""Sparse scores and what is done with them: keep the best, tell repeats from new products, rank.

A strategy returns one float64 CSR array, customers x products. A stored entry is a candidate, whatever its value;
what is not stored is not recommended. The `novel` most promising candidates that a customer has never bought are kept
beside everything the customer has bought, so one array serves the lists of all, repeated and new products.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

NOVEL_CANDIDATES = 100
_BLOCK = 256


def keep_candidates(
    dense_scores: Callable[[slice], np.ndarray], bought: sparse.csr_array, novel: int = NOVEL_CANDIDATES
) -> sparse.csr_array:
    """Return the scores of what each customer bought and of the `novel` best others, block by block of customers.

    Args:
        dense_scores: gives the scores of a slice of the customers, rows x products; above 0 for a candidate.
        bought: order counts; its pattern says what was bought. A bought product is a candidate even with score 0.
        novel: products never bought to keep per customer, highest score first, ties to the lower column.
    """
    customers, products = bought.shape
    indices, data, sizes = [], [], []
    for start in range(0, customers, _BLOCK):
        block = slice(start, min(start + _BLOCK, customers))
        for row, scores in zip(range(block.start, block.stop), dense_scores(block), strict=True):
            own = bought.indices[bought.indptr[row] : bought.indptr[row + 1]]
            own_scores = scores[own]
            scores[own] = 0
            best = _best_positive(scores, novel)
            indices.append(np.concatenate([own, best]))
            data.append(np.concatenate([own_scores, scores[best]]))
            sizes.append(len(own) + len(best))
    indptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    result = sparse.csr_array((np.concatenate(data), np.concatenate(indices), indptr), shape=(customers, products))
    result.sort_indices()
    return result


def best_novel(
    left: sparse.csr_array, right: sparse.csr_array, bought: sparse.csr_array, novel: int
) -> sparse.csr_array:
    """Return the `novel` highest scores left @ right of each customer among products never bought."""
    kept = keep_candidates(lambda block: (left[block] @ right).toarray(), bought, novel)
    return select(kept, bought, "novel")


def _best_positive(scores: np.ndarray, k: int) -> np.ndarray:
    """Return the positions of the k highest scores above 0; ties go to the lower position."""
    found = np.flatnonzero(scores > 0)
    if len(found) > k:
        lowest = np.partition(scores[found], len(found) - k)[len(found) - k]
        found = found[scores[found] >= lowest]
    return found[np.argsort(-scores[found], kind="stable")][:k]


def select(scores: sparse.csr_array, bought: sparse.csr_array, which: str) -> sparse.csr_array:
    """Return the entries of a list: 'all', 'repeat' (bought before) or 'novel' (not bought before)."""
    if which == "all":
        return scores
    is_repeat = contains(bought, scores)
    return keep_entries(scores, is_repeat if which == "repeat" else ~is_repeat)


def contains(pattern: sparse.csr_array, entries: sparse.csr_array) -> np.ndarray:
    """Return for each stored entry of `entries` whether `pattern` stores one at the same place."""
    return np.isin(flat_positions(entries), flat_positions(pattern), assume_unique=True)


def flat_positions(matrix: sparse.csr_array) -> np.ndarray:
    """Return row x columns + column of each stored entry."""
    return row_of_entries(matrix) * matrix.shape[1] + matrix.indices


def row_of_entries(matrix: sparse.csr_array) -> np.ndarray:
    """Return the row of each stored entry."""
    return np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))


def keep_entries(matrix: sparse.csr_array, mask: np.ndarray) -> sparse.csr_array:
    """Return the matrix with only the stored entries where mask is true."""
    sizes = np.bincount(row_of_entries(matrix)[mask], minlength=matrix.shape[0])
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    return sparse.csr_array((matrix.data[mask], matrix.indices[mask], indptr), shape=matrix.shape)


def values_at(matrix: sparse.csr_array, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the stored values at the places given, 0 where nothing is stored."""
    stored = flat_positions(matrix)
    if not len(stored):
        return np.zeros(len(rows))
    wanted = rows * matrix.shape[1] + columns
    places = np.minimum(np.searchsorted(stored, wanted), len(stored) - 1)
    return np.where(stored[places] == wanted, matrix.data[places], 0.0)


def top_k(scores: sparse.csr_array, k: int) -> np.ndarray:
    """Return the columns of each row's k highest scores, best first, ties to the lower column: int64, rows x k.

    Rows with fewer candidates are filled up with -1.
    """
    best = np.full((scores.shape[0], k), -1, dtype=np.int64)
    for row in range(scores.shape[0]):
        entries = slice(scores.indptr[row], scores.indptr[row + 1])
        order = np.argsort(-scores.data[entries], kind="stable")[:k]
        best[row, : len(order)] = scores.indices[entries][order]
    return best
