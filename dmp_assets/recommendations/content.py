"""Content: products whose text is like that of what the customer buys (TF-IDF, cosine; Salton & Buckley 1988)."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from dmp_assets.analysis.interactions import Interactions
from dmp_assets.recommendations.popularity import recent_orders
from dmp_assets.recommendations.product_groups import ProductGroups
from dmp_assets.recommendations.ranking import keep_candidates_among

HALF_LIFE_DAYS = 30.0


def text_vectors(texts: np.ndarray) -> tuple[np.ndarray, sparse.csr_array]:
    """Return the TF-IDF vectors of the different texts, each of length 1, and which of them each text has.

    Args:
        texts: words separated by spaces, see `product_text.product_texts`.

    Returns:
        int64 row of each text; float64 CSR, different texts x words. A text without a word has an empty row.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    unique, codes = np.unique(texts.astype(str), return_inverse=True)
    if not any(unique):
        return codes, sparse.csr_array((len(unique), 1))
    vectorizer = TfidfVectorizer(analyzer=str.split, sublinear_tf=True)
    return codes, sparse.csr_array(vectorizer.fit_transform(unique.tolist()))


def content(
    history: Interactions, groups: ProductGroups, end_day: int, *, half_life_days: float = HALF_LIFE_DAYS
) -> sparse.csr_array:
    """Score a product sold in the last 28 days by the cosine of its text to the sum of what the customer bought.

    A purchase counts half as much per `half_life_days` of age. Weak on its own (November, NDCG@10 of new products:
    0.009); it can name a product that nobody has bought together with anything.
    """
    past = history.before(end_day)
    bought = past.order_counts()
    products = np.flatnonzero(recent_orders(past, end_day))
    own = past.sum_by_pair(np.exp2(-(end_day - past.day) / half_life_days))
    codes, vectors = text_vectors(groups.texts)
    by_text = sparse.csr_array(
        (np.ones(len(codes)), (np.arange(len(codes)), codes)), shape=(len(codes), len(vectors.indptr) - 1)
    )
    profiles = sparse.csr_array(own @ by_text) @ vectors
    norms = np.sqrt(profiles.multiply(profiles).sum(axis=1))
    profiles = sparse.csr_array(sparse.diags_array(1 / np.where(norms > 0, norms, 1)) @ profiles)
    sold, place = np.unique(codes[products], return_inverse=True)
    candidates = vectors[sold]
    return keep_candidates_among(
        lambda block: np.ascontiguousarray((candidates @ profiles[block].toarray().T)[place].T), products, bought
    )
