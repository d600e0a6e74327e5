"""What the customer buys most often: hard to beat in grocery, and it cannot name a new product."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from dmp_assets.analysis.interactions import Interactions

HALF_LIFE_DAYS = 90.0


def personal_frequency(history: Interactions, end_day: int) -> sparse.csr_array:
    """Score a product by the customer's number of orders with it before `end_day`."""
    return history.before(end_day).order_counts()


def decayed_frequency(history: Interactions, end_day: int, half_life_days: float = HALF_LIFE_DAYS) -> sparse.csr_array:
    """Score a product by the customer's orders with it, an order counting half as much per `half_life_days` of age.

    Raises:
        ValueError: if the half-life is not positive.
    """
    if half_life_days <= 0:
        raise ValueError(f"half_life_days must be above 0, not {half_life_days}")
    past = history.before(end_day)
    return past.sum_by_pair(np.exp2(-(end_day - past.day) / half_life_days))
