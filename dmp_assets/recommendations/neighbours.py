"""Neighbourhood strategies: cosine between customers or products over who bought what.

Cosine on sets (bought or not); the top-k are exact.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from dmp_assets.analysis.interactions import Interactions
from dmp_assets.recommendations.scores import NOVEL_CANDIDATES, keep_candidates, keep_entries
from dmp_assets.similarity.cosine import cosine_weights

ITEM_NEIGHBOURS = 100
ITEM_MIN_CUSTOMERS = 5
USER_NEIGHBOURS = 50
USER_RECENT_DAYS = 84


def item_knn(
    history: Interactions,
    end_day: int,
    k: int = ITEM_NEIGHBOURS,
    *,
    min_customers: int = ITEM_MIN_CUSTOMERS,
    n_jobs: int = 1,
) -> sparse.csr_array:
    """Score a product by its cosine to the products the customer bought, summed over its k nearest products.

    A product is not its own neighbour, or having been bought would tell everything. Products with fewer than
    `min_customers` customers have no neighbours: their cosines are chance, and they are most of the products.
    """
    counts = history.before(end_day).order_counts()
    is_common = np.bincount(counts.indices, minlength=counts.shape[1]) >= min_customers
    bought = as_set(keep_entries(counts, is_common[counts.indices]))
    nearest = cosine_weights(bought.T.tocsr(), k, n_jobs=n_jobs).T.tocsr()
    return keep_candidates(lambda block: bought[block] @ nearest, counts, n_jobs=n_jobs)


def user_knn(
    history: Interactions,
    end_day: int,
    k: int = USER_NEIGHBOURS,
    *,
    days: int = USER_RECENT_DAYS,
    novel: int = NOVEL_CANDIDATES,
    n_jobs: int = 1,
) -> sparse.csr_array:
    """Score a product by the cosine of the k nearest customers who bought it in the last `days` days.

    Nearness too is by what was bought in these days: what is new in the shop and in season counts, and the products of
    last spring do not.
    """
    weights, recent = recent_neighbours(history, end_day, k, days, n_jobs=n_jobs)
    return keep_candidates(lambda block: weights[block] @ recent, history.before(end_day).order_counts(), novel)


def recent_neighbours(
    history: Interactions, end_day: int, k: int, days: int, *, n_jobs: int = 1
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Return the k nearest customers (customers x customers, cosine) and what was bought (0/1) in the last `days` days."""
    recent = as_set(history.between(end_day - days, end_day).order_counts())
    return cosine_weights(recent, k, n_jobs=n_jobs), recent


def as_set(counts: sparse.csr_array) -> sparse.csr_array:
    """Return 1 at every stored entry: bought or not, however often."""
    return sparse.csr_array((np.ones_like(counts.data), counts.indices, counts.indptr), shape=counts.shape)
