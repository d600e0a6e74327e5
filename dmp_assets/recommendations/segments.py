"""Segments of customers by what is known before the cutoff: how often they order."""

from __future__ import annotations

import numpy as np

from dmp_assets.analysis.interactions import Interactions

ALL_CUSTOMERS = "all customers"
FREQUENCY_SEGMENTS = ("light", "medium", "heavy")
SEGMENTS = (ALL_CUSTOMERS, *FREQUENCY_SEGMENTS)
FREQUENCY_DAYS = 84


def frequency_segments(history: Interactions, cutoff_day: int, days: int = FREQUENCY_DAYS) -> np.ndarray:
    """Return the segment of each customer by the number of orders in the `days` days before the cutoff.

    The bounds are the thirds of the customers who ordered before the cutoff; a customer on a bound belongs below it, so
    customers with equally many orders are in one segment, and with few different numbers a segment may be empty.

    Returns:
        One of FREQUENCY_SEGMENTS per customer; 'light' for customers who had not ordered before.
    """
    recent = history.between(cutoff_day - days, cutoff_day)
    first = np.unique(recent.order, return_index=True)[1]
    orders = np.bincount(recent.customer[first], minlength=history.shape[0])
    known = np.unique(history.before(cutoff_day).customer)
    bounds = np.quantile(orders[known], [1 / 3, 2 / 3]) if len(known) else np.zeros(2)
    return np.array(FREQUENCY_SEGMENTS, dtype=object)[np.searchsorted(bounds, orders, side="left")]
