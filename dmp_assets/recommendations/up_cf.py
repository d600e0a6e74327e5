"""UP-CF@r: user popularity with collaborative filtering.

Faggioli, Polato & Aiolli (UMAP 2020), "Recency Aware Collaborative Filtering for Next Basket Recommendation".
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from dmp_assets.analysis.interactions import Interactions
from dmp_assets.recommendations.neighbours import as_set
from dmp_assets.recommendations.scores import keep_candidates
from dmp_assets.recommendations.tifu_knn import order_places

RECENT_ORDERS = 25
ASYMMETRY = 0.75
LOCALITY = 10
NEIGHBOURS = 100


def up_cf(
    history: Interactions,
    end_day: int,
    k: int = NEIGHBOURS,
    *,
    recent_orders: int = RECENT_ORDERS,
    asymmetry: float = ASYMMETRY,
    locality: float = LOCALITY,
    n_jobs: int = 1,
) -> sparse.csr_array:
    """Score a product by the similarity-weighted share of orders with it among a customer's and the k nearest ones' last.

    Similarity of customers u and v is |u ∩ v| / (|u|^asymmetry |v|^(1-asymmetry)) over the sets of products of all
    orders, raised to `locality`; a customer is its own nearest neighbour, with similarity 1.
    """
    past = history.before(end_day)
    counts = past.order_counts()
    place, orders = order_places(past)
    is_recent = orders - place <= recent_orders
    shares = past.sum_by_pair(is_recent / np.minimum(orders, recent_orders))

    bought = as_set(counts)
    sizes = np.maximum(np.diff(bought.indptr), 1).astype(np.float64)
    common = (bought @ bought.T).toarray()
    similarity = (common / sizes[:, None] ** asymmetry / sizes[None, :] ** (1 - asymmetry)) ** locality
    nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
    rows = np.repeat(np.arange(len(sizes)), nearest.shape[1])
    columns = nearest.ravel()
    weights = sparse.csr_array((similarity[rows, columns], (rows, columns)), shape=similarity.shape)
    return keep_candidates(lambda block: weights[block] @ shares, counts, n_jobs=n_jobs)
