"""What sells best: the baseline of every recommender, and the same for all customers."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from dmp_assets.recommendations.interactions import Interactions
from dmp_assets.recommendations.scores import keep_candidates

RECENT_DAYS = 28


def popularity(history: Interactions, end_day: int, days: int = RECENT_DAYS) -> sparse.csr_array:
    """Score a product by the number of orders with it in the last `days` days before `end_day`."""
    orders = recent_orders(history, end_day, days)
    return keep_candidates(
        lambda block: np.tile(orders, (block.stop - block.start, 1)), history.before(end_day).order_counts()
    )


def recent_orders(history: Interactions, end_day: int, days: int = RECENT_DAYS) -> np.ndarray:
    """Return the number of orders with each product in the last `days` days before `end_day`: float64, products."""
    recent = history.between(end_day - days, end_day)
    return np.bincount(recent.product, minlength=history.shape[1]).astype(np.float64)
