"""The served tables, from plain frames: ratings, baskets, texts.

Each function below fills a part of a long table with one row per customer or product, neighbour and measure; which
measures there are, and which is the default and why, is in `measures.py`.

The served Pearson and adjusted cosine are the significance-weighted ones, and `measure` says so
('pearson_significance_50'). It is what the ranks follow, and what a consumer should weigh neighbours by: two customers
with two products in common agree perfectly by chance, and a plain r of 1 would promise what the data does not know.
Nothing is lost: the plain value is similarity / min(1, n / 50) with n the count beside it.

Evidence on the grocery data (share of best neighbours that are of the same product type, which the measure cannot see):
plain adjusted cosine 0.9 %, with significance 20, 50, 100, 200: 9.8 %, 12.3 %, 12.5 %, 12.4 %; by chance 0.3 %. 50 is
Herlocker's own value.
"""

from datetime import date

import numpy as np
import pandas as pd
from scipy import sparse

from dmp_assets.similarity.adjusted_cosine import adjusted_cosine_top_k
from dmp_assets.similarity.blocks import Neighbours, common_counts
from dmp_assets.similarity.content import content_lsa_top_k, content_tf_idf_top_k
from dmp_assets.similarity.cosine import cosine_top_k
from dmp_assets.similarity.lift import lift_top_k
from dmp_assets.similarity.pearson import pearson_top_k
from dmp_assets.similarity.ratings import RatingMatrix, rating_matrix
from dmp_assets.similarity.weights import binary, bm25, tf_idf

SIGNIFICANCE = 50
MIN_COMMON = 5
# Already at 20 to 29 buyers the best neighbour rests on 9 co-raters (median). 10,396 of 68,232 grocery products pass,
# with three quarters of all customer-product pairs. Lift asks for as many baskets.
MIN_CUSTOMERS = 20
PEARSON_NEIGHBOURS = 50
CUSTOMER_COSINE_NEIGHBOURS = 20
ADJUSTED_COSINE_NEIGHBOURS = 20
PRODUCT_NEIGHBOURS = 10
CONTENT_NEIGHBOURS = 5


def customer_similarity(
    ratings: pd.DataFrame,
    as_of_on: date,
    *,
    min_common: int = MIN_COMMON,
    significance: int | None = SIGNIFICANCE,
    n_jobs: int = 1,
) -> pd.DataFrame:
    """Return the customers most like each customer: by Pearson, and by cosine of what they bought.

    Example:
        >>> rows = [("ann", "tea", 5.0), ("ann", "jam", 1.0), ("bob", "tea", 4.0), ("bob", "jam", 2.0)]
        >>> ratings = pd.DataFrame(rows, columns=["customer_id", "product_id", "rating"])
        >>> found = customer_similarity(ratings, date(2018, 1, 1), min_common=1, significance=None)
        >>> found[["customer_id", "measure", "similarity"]].iloc[:2].to_numpy().tolist()
        [['ann', 'cosine_binary', 1.0], ['ann', 'pearson', 1.0]]

    Args:
        ratings: customer_id, product_id, rating; one row per pair, known before `as_of_on`. Explicit ratings on any
            scale, or `ratings_from_counts`, whose column order_count adds the cosines on TF-IDF and BM25 weights:
            these are about how often something was bought, and explicit ratings do not say that.
        as_of_on: date that the table is labelled with.
        min_common: for Pearson, pairs with fewer products in common are left out.
        significance: for Pearson, products in common from which on it counts in full; None serves the plain one.
        n_jobs: threads. Does not change the result.

    Returns:
        customer_id, neighbour_customer_id, rank, measure, similarity, common_count, as_of_on; sorted by customer_id,
        measure and rank. A customer without a defined similarity has no row.

    Raises:
        ValueError: if the ratings or a parameter are not valid; see `rating_matrix` and `pearson_top_k`.
    """
    matrix = rating_matrix(ratings)
    found = {
        "cosine_binary": cosine_top_k(binary(matrix.ratings), CUSTOMER_COSINE_NEIGHBOURS, n_jobs=n_jobs),
        _weighted("pearson", significance): pearson_top_k(
            matrix.ratings, PEARSON_NEIGHBOURS, min_co_rated=min_common, significance=significance, n_jobs=n_jobs
        ),
    }
    if "order_count" in ratings.columns:
        counts = rating_matrix(ratings, rating="order_count").ratings
        for measure, weights in (("cosine_tf_idf", tf_idf), ("cosine_bm25", bm25)):
            found[measure] = cosine_top_k(weights(counts), CUSTOMER_COSINE_NEIGHBOURS, n_jobs=n_jobs)
    return _table(found, matrix.users, "customer_id", as_of_on)


def product_similarity(
    ratings: pd.DataFrame,
    as_of_on: date,
    *,
    min_customers: int = MIN_CUSTOMERS,
    min_common: int = MIN_COMMON,
    significance: int | None = SIGNIFICANCE,
    n_jobs: int = 1,
) -> pd.DataFrame:
    """Return the products most like each product: by adjusted cosine of their ratings, and by cosine of their buyers.

    The cosine is on sets. Of the best neighbours so found 59.5 % are of the same product type on the grocery data; with
    BM25 weights it is 56.2 %, with ln(1 + count) 53.5 %, with TF-IDF 26.0 %, with counts 24.9 %.

    Args:
        ratings: customer_id, product_id, rating; one row per pair, known before `as_of_on`.
        as_of_on: date that the table is labelled with.
        min_customers: products with fewer customers are not compared; they still count in the customers' means.
        min_common: for adjusted cosine, pairs with fewer customers in common are left out.
        significance: for adjusted cosine, customers in common from which on it counts in full; None serves the plain.
        n_jobs: threads. Does not change the result.

    Returns:
        product_id, neighbour_product_id, rank, measure, similarity, common_count, as_of_on; sorted by product_id,
        measure and rank. A product with too few customers or without a defined similarity has no row.

    Raises:
        ValueError: if the ratings or a parameter are not valid; see `rating_matrix` and `adjusted_cosine_top_k`.
    """
    matrix = rating_matrix(ratings)
    adjusted = adjusted_cosine_top_k(
        matrix.ratings,
        ADJUSTED_COSINE_NEIGHBOURS,
        min_co_rated=min_common,
        significance=significance,
        n_jobs=n_jobs,
        min_ratings=min_customers,
    )
    buyers = binary(matrix.ratings).T.tocsr()
    compared = np.flatnonzero(np.diff(buyers.indptr) >= min_customers)
    cosine = _at(compared, cosine_top_k(buyers[compared], PRODUCT_NEIGHBOURS, n_jobs=n_jobs))
    found = {_weighted("adjusted_cosine", significance): adjusted, "cosine_binary": cosine}
    return _table(found, matrix.items, "product_id", as_of_on)


def rated_similarity(
    ratings: pd.DataFrame,
    as_of_on: date,
    *,
    min_customers: int = MIN_CUSTOMERS,
    min_common: int = MIN_COMMON,
    significance: int | None = SIGNIFICANCE,
    n_jobs: int = 1,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return who agrees with whom in explicit ratings, and which products the same customers rate alike.

    Pearson and adjusted cosine as in `customer_similarity` and `product_similarity`, under names of their own, as both kinds of
    ratings may be there: what people say and what they do are on different scales and not mixed.

    Args:
        ratings: customer_id, product_id, rating; one row per pair, on any scale. Without rows both tables are empty.
        as_of_on: date that the tables are labelled with.
        min_customers: products with fewer ratings are not compared.
        min_common: pairs with fewer ratings in common are left out.
        significance: ratings in common from which on a similarity counts in full; None serves the plain one.
        n_jobs: threads. Does not change the result.

    Returns:
        The columns of `customer_similarity` and those of `product_similarity`.

    Raises:
        ValueError: if the ratings or a parameter are not valid; see `rating_matrix`, `pearson_top_k`, `adjusted_cosine_top_k`.
    """
    matrix = rating_matrix(ratings)
    customers = pearson_top_k(
        matrix.ratings, PEARSON_NEIGHBOURS, min_co_rated=min_common, significance=significance, n_jobs=n_jobs
    )
    products = adjusted_cosine_top_k(
        matrix.ratings,
        ADJUSTED_COSINE_NEIGHBOURS,
        min_co_rated=min_common,
        significance=significance,
        n_jobs=n_jobs,
        min_ratings=min_customers,
    )
    return (
        _table({_weighted("rated_pearson", significance): customers}, matrix.users, "customer_id", as_of_on),
        _table({_weighted("rated_adjusted_cosine", significance): products}, matrix.items, "product_id", as_of_on),
    )


def co_purchase_similarity(
    baskets: pd.DataFrame,
    as_of_on: date,
    *,
    k: int = PRODUCT_NEIGHBOURS,
    min_baskets: int = MIN_CUSTOMERS,
    min_common: int = MIN_COMMON,
) -> pd.DataFrame:
    """Return the products that are most surely bought together with each product, by lift as a bounded number.

    Args:
        baskets: order_id, product_id; one row per pair.
        as_of_on: date that the table is labelled with.
        k: neighbours per product at most.
        min_baskets: products in fewer baskets are not compared.
        min_common: pairs in fewer baskets are left out.

    Returns:
        The columns of `product_similarity`; `common_count` is the number of baskets with both.

    Raises:
        ValueError: if a column or an id is missing, a pair is repeated or a parameter is below 1.
    """
    matrix = rating_matrix(baskets.assign(is_in=1.0), user="order_id", rating="is_in")
    found = lift_top_k(matrix.ratings, k, min_baskets=min_baskets, min_common=min_common)
    return _table({"lift_npmi": found}, matrix.items, "product_id", as_of_on)


def content_similarity(
    texts: pd.Series,
    as_of_on: date,
    *,
    ratings: pd.DataFrame | None = None,
    k: int = CONTENT_NEIGHBOURS,
    n_jobs: int = 1,
) -> pd.DataFrame:
    """Return the products whose texts are most like each product's, by TF-IDF and by LSA; also for what nobody bought.

    Ties, of which there are many because texts repeat, go to the product with more customers, then to the lower id.

    Args:
        texts: text by product_id, such as `product_texts` writes; an empty text has no neighbours.
        as_of_on: date that the table is labelled with.
        ratings: customer_id, product_id, rating: who bought what, for the count of common customers and for ties; None
            if nobody bought anything.
        k: neighbours per product at most.
        n_jobs: threads. Does not change the result.

    Returns:
        The columns of `product_similarity`; `common_count` is the number of customers of both, 0 for most.

    Raises:
        ValueError: if a product is repeated, the ratings are not valid or a parameter is below 1.
    """
    texts = texts.sort_index()
    if texts.index.has_duplicates:
        raise ValueError("texts must have one row per product_id")
    ids = texts.index.to_numpy()
    buyers = _buyers(rating_matrix(ratings) if ratings is not None else None, texts.index)
    order = np.argsort(-np.diff(buyers.indptr), kind="stable")
    found = {}
    for measure, top_k in (("content_lsa", content_lsa_top_k), ("content_tf_idf", content_tf_idf_top_k)):
        pairs = _at(order, top_k(texts.iloc[order], k, n_jobs=n_jobs))
        counts = common_counts(buyers, pairs.row, pairs.neighbour)
        found[measure] = Neighbours(pairs.row, pairs.neighbour, pairs.rank, pairs.similarity, counts)
    return _table(found, ids, "product_id", as_of_on)


def _buyers(matrix: RatingMatrix | None, products: pd.Index) -> sparse.csr_array:
    """Return who bought each of `products`, shape (products, customers)."""
    if matrix is None:
        return sparse.csr_array((len(products), 0))
    row = products.get_indexer(matrix.items)[matrix.ratings.indices]
    customer = np.repeat(np.arange(len(matrix.users)), np.diff(matrix.ratings.indptr))
    known = row >= 0
    cells = (np.ones(int(known.sum())), (row[known], customer[known]))
    return sparse.csr_array(cells, shape=(len(products), len(matrix.users)))


def _at(positions: np.ndarray, found: Neighbours) -> Neighbours:
    """Return neighbours of a selection of rows by their positions before it."""
    return Neighbours(
        positions[found.row], positions[found.neighbour], found.rank, found.similarity, found.common_count
    )


def _weighted(name: str, significance: int | None) -> str:
    return name if significance is None else f"{name}_significance_{significance}"


def _table(found: dict[str, Neighbours], ids: np.ndarray, id_name: str, as_of_on: date) -> pd.DataFrame:
    measures = sorted(found)
    parts = [found[measure] for measure in measures]
    number = np.repeat(np.arange(len(parts)), [part.row.size for part in parts])
    row, neighbour, rank, similarity, count = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("row", "neighbour", "rank", "similarity", "common_count")
    )
    order = np.lexsort((rank, number, row))
    return pd.DataFrame(
        {
            id_name: ids[row[order]],
            f"neighbour_{id_name}": ids[neighbour[order]],
            "rank": rank[order],
            "measure": np.array(measures, dtype=object)[number[order]],
            "similarity": similarity[order],
            "common_count": count[order],
            "as_of_on": np.full(order.size, as_of_on, dtype="datetime64[us]"),
        }
    )
