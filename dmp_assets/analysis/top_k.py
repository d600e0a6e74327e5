"""The k highest values of each row, exactly, and of equal ones those in the lower columns: the same on every machine."""

from __future__ import annotations

import numpy as np


def best_of_rows(row: np.ndarray, column: np.ndarray, values: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which of many entries are the k highest of their rows.

    Leave out beforehand what cannot be among them, where that is cheap: all entries are sorted.

    Args:
        row: integers, one per entry, in any order.
        column: integers; an entry is there once.
        values: of the entries.
        k: per row at most, 1 or more; fewer where a row has fewer entries.

    Returns:
        Positions of the entries kept, by row and from the highest value on, and the rank of each in its row, from 1; int64.
    """
    order = np.lexsort((column, -values, row))
    rows = row[order]
    rank = np.arange(1, rows.size + 1) - np.searchsorted(rows, rows)
    return order[rank <= k], rank[rank <= k]


def best_of_row(column: np.ndarray, values: np.ndarray, k: int) -> np.ndarray:
    """Return the positions of the k highest values of one row, from the highest on; arguments as for `best_of_rows`."""
    if values.size <= k:
        return np.lexsort((column, -values))
    # Not the whole row is sorted.
    high = np.flatnonzero(values >= np.partition(values, values.size - k)[values.size - k])
    return high[np.lexsort((column[high], -values[high]))[:k]]
