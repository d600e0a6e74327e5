"""Sparse scores and what is done with them: keep the best, tell repeats from new products, rank.

A strategy returns one float64 CSR array, customers x products. A stored entry is a candidate, whatever its value;
what is not stored is not recommended. The `novel` most promising candidates that a customer has never bought are kept
beside everything the customer has bought, so one array serves the lists of all, repeated and new products.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
from scipy import sparse

from dmp_assets.analysis.top_k import best_of_row

T = TypeVar("T")

NOVEL_CANDIDATES = 100
_BLOCK = 256


def keep_candidates(
    scores_of: Callable[[slice], np.ndarray | sparse.csr_array],
    bought: sparse.csr_array,
    novel: int = NOVEL_CANDIDATES,
    *,
    n_jobs: int = 1,
) -> sparse.csr_array:
    """Return the scores of what each customer bought and of the `novel` best others, block by block of customers.

    Args:
        scores_of: gives the scores of a slice of the customers, rows x products, dense or sparse; above 0 for a candidate.
        bought: order counts; its pattern says what was bought. A bought product is a candidate even with score 0.
        novel: products never bought to keep per customer, highest score first, ties to the lower column.
        n_jobs: threads that multiply. Does not change the result.
    """

    def candidates_of(block: slice) -> list[tuple[np.ndarray, np.ndarray]]:
        row_of_scores = ScatteredRows(scores_of(block), bought.shape[1])
        found = []
        for row in range(block.start, block.stop):
            own = bought.indices[bought.indptr[row] : bought.indptr[row + 1]]
            with row_of_scores.row(row - block.start) as (columns, scores):
                own_scores = scores[own]
                scores[own] = 0
                best = best_positive(columns, scores, novel)
                found.append((np.concatenate([own, best]), np.concatenate([own_scores, scores[best]])))
        return found

    rows = [row for part in map_blocks(candidates_of, bought.shape[0], n_jobs) for row in part]
    indptr = np.concatenate([[0], np.cumsum([len(columns) for columns, _ in rows])]).astype(np.int64)
    columns, values = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    result = sparse.csr_array((values, columns, indptr), shape=bought.shape)
    result.sort_indices()
    return result


def map_blocks(work: Callable[[slice], T], rows: int, n_jobs: int) -> list[T]:
    """Return the work on every block of rows, in their order; `n_jobs` blocks at a time."""
    blocks = [slice(start, min(start + _BLOCK, rows)) for start in range(0, rows, _BLOCK)]
    with ThreadPoolExecutor(max_workers=n_jobs) as pool:
        return list(pool.map(work, blocks))


class ScatteredRows:
    """The rows of a matrix one at a time as dense arrays, without a dense matrix: one array is filled and emptied again."""

    def __init__(self, matrix: np.ndarray | sparse.csr_array, columns: int) -> None:
        """Take a matrix with `columns` columns."""
        self._matrix = matrix
        self._row = np.zeros(columns)

    @contextmanager
    def row(self, place: int) -> Generator[tuple[np.ndarray, np.ndarray]]:
        """Yield the columns that may hold something and the whole row (float64); changes to it are forgotten afterwards."""
        if isinstance(self._matrix, np.ndarray):
            yield np.arange(len(self._row)), self._matrix[place].astype(np.float64)
            return
        entries = slice(self._matrix.indptr[place], self._matrix.indptr[place + 1])
        columns = self._matrix.indices[entries]
        self._row[columns] = self._matrix.data[entries]
        yield columns, self._row
        self._row[columns] = 0


def best_positive(columns: np.ndarray, scores: np.ndarray, k: int) -> np.ndarray:
    """Return those of `columns` (no two alike) with the k highest scores above 0, best first; ties go to the lower column."""
    found = scores[columns]
    is_positive = found > 0
    columns = columns[is_positive]
    return columns[best_of_row(columns, found[is_positive], k)]


def select(scores: sparse.csr_array, bought: sparse.csr_array, which: str) -> sparse.csr_array:
    """Return the entries of a list: 'all', 'repeat' (bought before) or 'novel' (not bought before)."""
    if which == "all":
        return scores
    is_repeat = is_stored(bought, scores)
    return keep_entries(scores, is_repeat if which == "repeat" else ~is_repeat)


def is_stored(pattern: sparse.csr_array, entries: sparse.csr_array) -> np.ndarray:
    """Return for each stored entry of `entries` whether `pattern` stores one there; both have sorted indices."""
    stored, wanted = flat_positions(pattern), flat_positions(entries)
    if not len(stored):
        return np.zeros(len(wanted), dtype=bool)
    return stored[np.minimum(np.searchsorted(stored, wanted), len(stored) - 1)] == wanted


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
