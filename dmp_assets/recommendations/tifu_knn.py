"""TIFU-KNN: temporal item frequencies of a customer and of the customers like them.

Hu, He, Gao & Zhang (SIGIR 2020), "Modeling Personalized Item Frequency Information for Next-basket Recommendation".
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from dmp_assets.analysis.interactions import Interactions
from dmp_assets.recommendations.scores import keep_candidates
from dmp_assets.similarity.cosine import cosine_weights

NEIGHBOURS = 300
GROUP_COUNT = 7
BASKET_DECAY = 0.9
GROUP_DECAY = 0.7
OWN_WEIGHT = 0.7


def tifu_knn(
    history: Interactions,
    end_day: int,
    k: int = NEIGHBOURS,
    *,
    own_weight: float = OWN_WEIGHT,
    n_jobs: int = 1,
) -> sparse.csr_array:
    """Score a product by own_weight x the customer's decayed frequency + the rest x the mean of the k nearest customers.

    Neighbours are found by cosine of the vectors (the paper: Euclidean distance).
    """
    past = history.before(end_day)
    vectors = customer_vectors(past)
    weights = cosine_weights(vectors, k, n_jobs=n_jobs)
    sizes = np.maximum(np.diff(weights.indptr), 1)
    means = sparse.csr_array(
        (np.repeat(1.0 / sizes, np.diff(weights.indptr)), weights.indices, weights.indptr), shape=weights.shape
    )
    mixed = sparse.csr_array(own_weight * sparse.eye_array(past.shape[0]) + (1 - own_weight) * means)
    return keep_candidates(lambda block: mixed[block] @ vectors, past.order_counts(), n_jobs=n_jobs)


def customer_vectors(
    past: Interactions,
    *,
    groups: int = GROUP_COUNT,
    basket_decay: float = BASKET_DECAY,
    group_decay: float = GROUP_DECAY,
) -> sparse.csr_array:
    """Return the doubly decayed frequency of each product in each customer's orders: CSR, customers x products.

    The customer's orders are split into `groups` of equal size, in time (the oldest one takes the remainder). Within a
    group of m orders the j-th (of 1 … m) weighs basket_decay^(m-j) / m, the i-th group (of 1 … groups)
    group_decay^(groups-i) / groups.
    """
    place, orders = order_places(past)
    size = -(-orders // groups)
    from_end = orders - 1 - place
    group_from_end = from_end // size
    group_size = np.minimum(size, orders - group_from_end * size)
    group_total = -(-orders // size)
    within = basket_decay ** (from_end % size) / group_size
    return past.sum_by_pair(within * group_decay**group_from_end / group_total)


def order_places(past: Interactions) -> tuple[np.ndarray, np.ndarray]:
    """Return for each line the place of its order among the customer's (0 for the first) and how many they are."""
    starts_order = np.ones(len(past.order), dtype=bool)
    starts_order[1:] = np.diff(past.order) != 0
    order_number = np.cumsum(starts_order) - 1
    first = np.full(past.shape[0], -1)
    starts_customer = np.ones(len(past.customer), dtype=bool)
    starts_customer[1:] = np.diff(past.customer) != 0
    first[past.customer[starts_customer]] = order_number[starts_customer]
    totals = np.bincount(past.customer[starts_order], minlength=past.shape[0])
    return order_number - first[past.customer], totals[past.customer]
