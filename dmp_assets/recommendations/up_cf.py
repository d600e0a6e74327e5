"""UP-CF@r: user popularity with collaborative filtering.

Faggioli, Polato & Aiolli (UMAP 2020), "Recency Aware Collaborative Filtering for Next Basket Recommendation".
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy import sparse

from dmp_assets.analysis.interactions import Interactions
from dmp_assets.recommendations.neighbours import as_set
from dmp_assets.recommendations.ranking import best_entries
from dmp_assets.recommendations.scores import keep_candidates, row_of_entries
from dmp_assets.recommendations.tifu_knn import order_places
from dmp_assets.similarity.blocks import BLOCK_PRODUCTS, product_blocks

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
    orders, raised to `locality`; a customer is its own nearest neighbour, with similarity 1. A block of customers is compared
    with all at a time, so that memory grows with the customers and not with their square.
    """
    past = history.before(end_day)
    counts = past.order_counts()
    place, orders = order_places(past)
    is_recent = orders - place <= recent_orders
    shares = past.sum_by_pair(is_recent / np.minimum(orders, recent_orders))

    bought = as_set(counts)
    # From sizes of 1 on: who bought nothing before end_day is near to nobody.
    sizes = np.maximum(np.diff(bought.indptr), 1).astype(np.float64)
    mine, theirs = sizes**asymmetry, sizes ** (1 - asymmetry)
    by_product = bought.T.tocsr()

    def nearest(block: slice) -> sparse.csr_array:
        common = sparse.csr_array(bought[block] @ by_product)
        similarity = (common.data / mine[block][row_of_entries(common)] / theirs[common.indices]) ** locality
        return best_entries(sparse.csr_array((similarity, common.indices, common.indptr), shape=common.shape), k)

    with ThreadPoolExecutor(max_workers=n_jobs) as pool:
        blocks = list(pool.map(nearest, product_blocks(bought, by_product, BLOCK_PRODUCTS)))
    weights = sparse.csr_array(sparse.vstack(blocks, format="csr"))
    weights.sort_indices()
    return keep_candidates(lambda block: weights[block] @ shares, counts, n_jobs=n_jobs)
