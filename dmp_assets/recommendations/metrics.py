"""How good ranked lists are: one value per customer and metric.

Relevance is binary. NDCG as in Järvelin & Kekäläinen (2002) with gain 1 and discount log2(rank + 1); the ideal list has
min(k, number of relevant products) hits.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from dmp_assets.recommendations.scores import flat_positions


def hits(recommended: np.ndarray, truth: sparse.csr_array) -> np.ndarray:
    """Return whether each recommended product (columns, -1 for none) is relevant: bool, like `recommended`.

    The indices of truth are sorted.
    """
    rows = np.arange(recommended.shape[0], dtype=np.int64)[:, None]
    relevant = flat_positions(truth)
    if not len(relevant):
        return np.zeros(recommended.shape, dtype=bool)
    wanted = rows * truth.shape[1] + recommended
    found = relevant[np.minimum(np.searchsorted(relevant, wanted), len(relevant) - 1)]
    return (found == wanted) & (recommended >= 0)


def customer_metrics(recommended: np.ndarray, truth: sparse.csr_array, self_information: np.ndarray) -> dict:
    """Return ndcg, recall, precision, reciprocal rank, hit rate and novelty of each customer's list.

    Args:
        recommended: products (columns of truth), best first, -1 for an empty place: customers x k.
        truth: relevant products; every row has at least one.
        self_information: bits per product: -log2 of the share of customers who had bought it.

    Returns:
        float64 arrays, one value per customer. Precision counts empty places as misses; a customer with an empty list
        scores 0 everywhere and has novelty 0.
    """
    k = recommended.shape[1]
    is_hit = hits(recommended, truth)
    relevant = np.diff(truth.indptr)
    discounts = 1 / np.log2(np.arange(k) + 2)
    ideal = np.cumsum(discounts)[np.minimum(relevant, k) - 1]
    is_filled = recommended >= 0
    bits = np.where(is_filled, self_information[recommended], 0)
    return {
        # A perfect list is added up in another order than the ideal one: the last bits may carry it past 1.
        "ndcg": np.minimum(is_hit @ discounts / ideal, 1),
        "recall": is_hit.sum(axis=1) / relevant,
        "precision": is_hit.sum(axis=1) / k,
        "mrr": is_hit.any(axis=1) / (is_hit.argmax(axis=1) + 1),
        "hit_rate": is_hit.any(axis=1).astype(np.float64),
        "novelty": bits.sum(axis=1) / np.maximum(is_filled.sum(axis=1), 1),
    }
