"""What sells best: the baseline of every recommender, and the same for all customers."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from dmp_assets.analysis.interactions import Interactions
from dmp_assets.recommendations.scores import NOVEL_CANDIDATES, best_positive, keep_candidates

RECENT_DAYS = 28


def popularity(history: Interactions, end_day: int, days: int = RECENT_DAYS) -> sparse.csr_array:
    """Score a product by the number of orders with it in the last `days` days before `end_day`."""
    orders = recent_orders(history, end_day, days)
    bought = history.before(end_day).order_counts()
    own = sparse.csr_array((orders[bought.indices], bought.indices, bought.indptr), shape=bought.shape)
    # The best products that somebody has not bought lie no further down than this.
    reach = NOVEL_CANDIDATES + int(np.diff(bought.indptr).max(initial=0))
    best = np.sort(best_positive(np.arange(len(orders)), orders, reach))
    top = sparse.csr_array((orders[best], best, [0, len(best)]), shape=(1, len(orders)))
    return keep_candidates(
        lambda block: top[np.zeros(block.stop - block.start, dtype=np.int64)].maximum(own[block]),
        bought,
    )


def recent_orders(history: Interactions, end_day: int, days: int = RECENT_DAYS) -> np.ndarray:
    """Return the number of orders with each product in the last `days` days before `end_day`: float64, products."""
    recent = history.between(end_day - days, end_day)
    return np.bincount(recent.product, minlength=history.shape[1]).astype(np.float64)
