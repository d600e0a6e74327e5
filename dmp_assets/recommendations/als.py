"""Matrix factorisation by alternating least squares for implicit feedback (Hu, Koren & Volinsky, ICDM 2008).

Computed by the library `implicit`; weights by Okapi BM25 over decayed order counts.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from dmp_assets.analysis.interactions import Interactions
from dmp_assets.recommendations.ranking import keep_candidates_among
from dmp_assets.recommendations.scores import keep_entries

# Tuned on November (NDCG@10 all, novel): undecayed counts 0.194, 0.038; half-life 30 days 0.305, 0.043. Fifteen
# iterations are no better than five (0.193 against 0.192) and take twice as long; 32 factors 0.275, 0.035.
FACTORS = 64
ITERATIONS = 5
HALF_LIFE_DAYS = 30.0
MIN_CUSTOMERS = 20
"""Products with fewer customers get no factors: they are most of the products, and the result is the same (0.194)."""
BM25_K1 = 100.0
BM25_B = 0.75
REGULARISATION = 0.01


def als(
    history: Interactions,
    end_day: int,
    factors: int = FACTORS,
    *,
    half_life_days: float = HALF_LIFE_DAYS,
    min_customers: int = MIN_CUSTOMERS,
    seed: int = 0,
) -> sparse.csr_array:
    """Score a product by the dot product of its factors and the customer's; what scores 0 or less is not a candidate.

    One thread, so that the sums, and with them the result, are always the same.

    Args:
        history: all purchases; only those before end_day are read.
        end_day: the cutoff, days since 1970-01-01.
        factors: length of the vectors.
        half_life_days: age in days at which an order counts half.
        min_customers: products with fewer customers are not factorised and score 0.
        seed: of the initial factors.

    Returns:
        Scores of what each customer bought and of the best others: float64 CSR, customers x products.
    """
    past = history.before(end_day)
    bought = past.order_counts()
    customers_of = np.bincount(bought.indices, minlength=bought.shape[1])
    products = np.flatnonzero(customers_of >= min(min_customers, customers_of.max(initial=0)))
    is_factorised = np.isin(np.arange(bought.shape[1]), products)
    counts = past.sum_by_pair(np.exp2(-(end_day - past.day) / half_life_days))
    counts = sparse.csr_matrix(keep_entries(counts, is_factorised[counts.indices]))[:, products]
    if not counts.nnz:
        return sparse.csr_array(bought.shape)
    users, items = _factorise(counts, factors, seed)
    return keep_candidates_among(
        lambda block: np.maximum(users[block] @ items.T, 0).astype(np.float64), products, bought
    )


def _factorise(counts: sparse.csr_matrix, factors: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the factors of the customers and of the products, one row each: float32."""
    from implicit.cpu.als import AlternatingLeastSquares
    from implicit.nearest_neighbours import bm25_weight
    from threadpoolctl import threadpool_limits

    # implicit warns where BLAS has threads of its own: they fight for the processors.
    with threadpool_limits(1, user_api="blas"):
        model = AlternatingLeastSquares(
            factors=factors,
            iterations=ITERATIONS,
            regularization=REGULARISATION,
            random_state=seed,
            num_threads=1,
            dtype=np.float32,
        )
        weights = sparse.csr_matrix(bm25_weight(counts, K1=BM25_K1, B=BM25_B), dtype=np.float32)
        model.fit(weights, show_progress=False)
    return np.asarray(model.user_factors), np.asarray(model.item_factors)
