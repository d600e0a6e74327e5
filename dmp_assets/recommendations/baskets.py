"""Association rules from baskets: what is bought in the same order (Agrawal & Srikant, VLDB 1994).

Rules have one product on each side. A rule i -> j has support C_ij (orders with both), confidence C_ij / n_i, lift
C_ij N / (n_i n_j) and added value C_ij / n_i - n_j / N, with n_i orders with i among N orders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from dmp_assets.analysis.interactions import Interactions
from dmp_assets.recommendations.ranking import best_entries, keep_candidates_among
from dmp_assets.recommendations.scores import keep_entries, row_of_entries

MIN_SUPPORT = 5
RULES_PER_PRODUCT = 50
HALF_LIFE_DAYS = 30.0


@dataclass(frozen=True)
class Rules:
    """Which products are bought together.

    Attributes:
        support: orders with both products, where they are at least the minimum: float64 CSR, products x products,
            symmetric, without the diagonal.
        order_counts: orders with each product: float64.
        total_orders: number of orders.
    """

    support: sparse.csr_array
    order_counts: np.ndarray
    total_orders: int

    @property
    def expected(self) -> np.ndarray:
        """Orders with both products if they were independent, one per stored pair."""
        rows = row_of_entries(self.support)
        together = self.order_counts[rows] * self.order_counts[self.support.indices]
        return together / max(self.total_orders, 1)

    def confidence(self) -> sparse.csr_array:
        """Return the share of the orders with the row's product that hold the column's."""
        return self._with(self.support.data / self.order_counts[row_of_entries(self.support)])

    def added_value(self) -> sparse.csr_array:
        """Return the confidence minus the share of all orders that hold the column's product, where above 0."""
        gain = (self.support.data - self.expected) / self.order_counts[row_of_entries(self.support)]
        return keep_entries(self._with(gain), gain > 0)

    def lift(self, shrinkage: float = 0.0) -> sparse.csr_array:
        """Return observed over expected orders with both; `shrinkage` expected orders are added to the latter."""
        return self._with(self.support.data / (self.expected + shrinkage))

    def cosine(self) -> sparse.csr_array:
        """Return the cosine between products over the orders that hold them."""
        rows = row_of_entries(self.support)
        norms = np.sqrt(self.order_counts[rows] * self.order_counts[self.support.indices])
        return self._with(self.support.data / norms)

    def _with(self, data: np.ndarray) -> sparse.csr_array:
        return sparse.csr_array((data, self.support.indices, self.support.indptr), shape=self.support.shape)


def mine_rules(past: Interactions, min_support: int = MIN_SUPPORT) -> Rules:
    """Return the pairs of products with at least `min_support` common orders.

    Raises:
        ValueError: if min_support is below 1.
    """
    if min_support < 1:
        raise ValueError(f"a rule needs a support of at least 1 order, not {min_support}")
    size = past.shape[1]
    order_counts = np.bincount(past.product, minlength=size).astype(np.float64)
    frequent = np.flatnonzero(order_counts >= min_support)
    place = np.full(size, -1, dtype=np.int64)
    place[frequent] = np.arange(len(frequent))
    is_frequent = place[past.product] >= 0
    baskets = sparse.csr_array(
        (np.ones(int(is_frequent.sum()), np.float32), (past.order[is_frequent], place[past.product[is_frequent]])),
        shape=(int(past.order.max(initial=-1)) + 1, len(frequent)),
    )
    together = sparse.csr_array(baskets.T.tocsr() @ baskets)
    # Sorted after most pairs are gone: 20 million have a common order, 1 million have five.
    together = keep_entries(together, (together.data >= min_support) & (row_of_entries(together) != together.indices))
    together.sort_indices()
    sizes = np.zeros(size, dtype=np.int64)
    sizes[frequent] = np.diff(together.indptr)
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    support = sparse.csr_array(
        (together.data.astype(np.float64), frequent[together.indices], indptr), shape=(size, size)
    )
    return Rules(support, order_counts, int(np.count_nonzero(np.bincount(past.order))))


@dataclass(frozen=True)
class TypeBaskets:
    """How often products are bought together with a product type.

    Attributes:
        support: orders with the type that hold the product, where they are at least MIN_SUPPORT: float64 CSR, types x
            products.
        order_counts: orders with each type: float64.
    """

    support: sparse.csr_array
    order_counts: np.ndarray

    def confidence(self, smoothing: float = 0.0) -> sparse.csr_array:
        """Return the share of the orders with the type that hold the product, `smoothing` orders without it added."""
        data = self.support.data / (self.order_counts + smoothing)[row_of_entries(self.support)]
        return sparse.csr_array((data, self.support.indices, self.support.indptr), shape=self.support.shape)


def type_baskets(past: Interactions, types: np.ndarray) -> TypeBaskets:
    """Count the orders that hold a type and a product."""
    count = int(types.max(initial=-1)) + 1
    orders = int(past.order.max(initial=-1)) + 1
    baskets = sparse.csr_array((np.ones(len(past.order)), (past.order, types[past.product])), shape=(orders, count))
    baskets.data[:] = 1
    lines = sparse.csr_array((np.ones(len(past.order)), (past.order, past.product)), shape=(orders, past.shape[1]))
    together = sparse.csr_array(baskets.T.tocsr() @ lines)
    together = keep_entries(together, together.data >= MIN_SUPPORT)
    together.sort_indices()
    return TypeBaskets(together, np.asarray(baskets.sum(axis=0), dtype=np.float64))


def co_purchase_rules(
    history: Interactions,
    end_day: int,
    k: int = RULES_PER_PRODUCT,
    *,
    half_life_days: float = HALF_LIFE_DAYS,
    min_support: int = MIN_SUPPORT,
) -> sparse.csr_array:
    """Score a product by the added value of the rules that the customer's purchases fire, each halved by age.

    Each product fires its `k` best rules. Added value was the best for new products in November (NDCG@10 0.040;
    confidence 0.038, lift 0.014).
    """
    past = history.before(end_day)
    bought = past.order_counts()
    rules = best_entries(mine_rules(past, min_support).added_value(), k)
    products = np.unique(rules.indices)
    own = past.sum_by_pair(np.exp2(-(end_day - past.day) / half_life_days))
    fired = sparse.csr_array(sparse.csc_array(rules)[:, products])
    return keep_candidates_among(lambda block: own[block] @ fired, products, bought)
