"""Percentile bootstrap over customers (Efron 1979).

One table of resamples serves every strategy of a list, so that the difference of two strategies is a paired bootstrap.
"""

from __future__ import annotations

import numpy as np

DRAWS = 1000
LEVEL = 0.95


def resamples(customers: int, seed: int, draws: int = DRAWS) -> np.ndarray:
    """Return how often each draw takes each customer, over the number of customers: float64, draws x customers."""
    random = np.random.default_rng(seed)
    return random.multinomial(customers, np.full(customers, 1 / customers), size=draws) / customers


def mean_interval(values: np.ndarray, weights: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    """Return the bounds of the percentile interval of the mean of values (one per customer)."""
    low, high = np.quantile(weights @ values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
