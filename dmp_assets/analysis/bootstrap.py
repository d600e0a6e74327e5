"""Percentile bootstrap over customers (Efron 1979).

One table of resamples serves every strategy of a list, so that the difference of two strategies is a paired bootstrap.
"""

from __future__ import annotations

import numpy as np

DRAWS = 1000
LEVEL = 0.95


def resamples(customers: int, seed: int, draws: int = DRAWS) -> np.ndarray:
    """Return how often each draw takes each customer, over the number of customers: float64, draws x customers."""
    taken = np.random.default_rng(seed).integers(0, customers, size=(draws, customers))
    places = taken + customers * np.arange(draws)[:, None]
    return np.bincount(places.ravel(), minlength=draws * customers).reshape(draws, customers) / customers


def mean_intervals(values: np.ndarray, weights: np.ndarray, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of the percentile intervals of the means of values.

    Args:
        values: one row per customer, one column per mean.
        weights: see `resamples`.
        level: probability that the interval is to hold.

    Returns:
        Lower and upper bounds, one per column.
    """
    low, high = np.quantile(weights @ values, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high
