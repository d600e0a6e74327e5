"""Similar products: what can stand in for a product, and how well each way of telling foresees what customers switch to.

Candidates are of the same product type; where a type has no other product in the assortment, of the same category. Four
ways compete: 'popularity' (what sells best among them, the naive answer), 'content' (cosine of the texts, TF-IDF),
'shared_buyers' (cosine over the customers who bought both, then by text: a cold product has a list too) and
'buyers_and_content': the mean of both cosines, that of the buyers weighing as much as the product has buyers against
CONTENT_WEIGHT.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
import pandas as pd
from scipy import sparse

from dmp_assets.analysis.interactions import Interactions, day_number
from dmp_assets.recommendations.content import text_vectors
from dmp_assets.recommendations.cross_sell import Places, Queries, eligible_products, item_board
from dmp_assets.recommendations.leaderboard import LIST_LENGTH
from dmp_assets.recommendations.names import SIMILAR_PRODUCTS, SIMILAR_STRATEGIES
from dmp_assets.recommendations.neighbours import as_set
from dmp_assets.recommendations.popularity import recent_orders
from dmp_assets.recommendations.product_groups import ProductGroups
from dmp_assets.recommendations.ranking import best_places
from dmp_assets.recommendations.scores import keep_entries, row_of_entries

CONTENT_WEIGHT = 20.0
TEXT_SHARE = 0.001
"""What the text adds to the cosine of the buyers: it decides only between products that share no buyer."""
GROUP_LIMIT = 1000
"""Candidates per product: of a larger type, the best sellers, so that the work grows with the products only."""
_BLOCK = 8192


def similar_products(
    past: Interactions, end_day: int, groups: ProductGroups, strategies: Sequence[str]
) -> dict[str, Places]:
    """Return the most similar products of every eligible product by each of the strategies.

    Args:
        past: purchases before end_day.
        end_day: days since 1970-01-01.
        groups: of the products.
        strategies: of SIMILAR_STRATEGIES.

    Returns:
        By strategy. Only eligible products of the same type (else category) are on a list; equal scores by sales in the
        last 28 days, then by id. A product that is alone in its category has an empty list.
    """
    sold = recent_orders(past, end_day)
    products = np.flatnonzero(eligible_products(past, end_day, groups))
    # Best sellers first: ties go to the lower place.
    products = products[np.argsort(-sold[products], kind="stable")]
    by_product = as_set(past.order_counts()).T.tocsr()[products]
    buyers = np.diff(by_product.indptr)
    unit_buyers = sparse.csr_array(sparse.diags_array(1 / np.sqrt(np.maximum(buyers, 1))) @ by_product)
    codes, texts = text_vectors(groups.texts)
    texts = texts[codes[products]]
    weight = buyers / (buyers + CONTENT_WEIGHT)
    found = {
        name: (np.full((past.shape[1], LIST_LENGTH), -1, np.int64), np.full((past.shape[1], LIST_LENGTH), -np.inf))
        for name in strategies
    }
    for rows, group, is_candidate in _comparisons(groups, products):
        any_pair = _within_groups(sparse.csr_array(np.ones((len(products), 1))), group, rows, is_candidate)
        by_buyers = _within_groups(unit_buyers, group, rows, is_candidate)
        by_text = _within_groups(texts, group, rows, is_candidate)
        for name, (recommended, values) in found.items():
            scores = {
                "popularity": lambda pairs=any_pair: pairs @ sparse.diags_array(sold[products]),
                "shared_buyers": lambda pairs=by_buyers, text=by_text: pairs + TEXT_SHARE * text,
                "content": lambda text=by_text: text,
                "buyers_and_content": lambda pairs=by_buyers, text=by_text, own=weight[rows]: (
                    sparse.diags_array(own) @ pairs + sparse.diags_array(1 - own) @ text
                ),
            }[name]()
            scores = sparse.csr_array(scores)
            scores.sort_indices()
            # Rounded, so that the order of a sum does not decide between equals.
            scores.data = np.round(scores.data, 9)
            scores = keep_entries(scores, (scores.data > 0) & (scores.indices != rows[row_of_entries(scores)]))
            places, values[products[rows]] = best_places(scores, LIST_LENGTH)
            recommended[products[rows]] = np.where(places >= 0, products[places], -1)
    return found


def similar_products_board(
    history: Interactions, groups: ProductGroups, cutoff_day: int, as_of_on: date, *, seed: int = 0
) -> pd.DataFrame:
    """Return the leaderboard of the strategies on what customers switched to between cutoff and as-of date.

    A query is a customer and product type: the list of the product of the type that the customer bought last before the
    cutoff is to foresee the other products of the type that they buy after it. A customer's value is the mean of
    their types. It is evidence of what stands in for a product, not proof: a customer may want both.

    Args:
        history: all purchases.
        groups: of the products.
        cutoff_day: first day of the test period, days since 1970-01-01.
        as_of_on: day after its last day.
        seed: of the resamples.

    Returns:
        Rows of the leaderboard (`leaderboard.COLUMNS`), list 'similar_products'; none if nobody switched.
    """
    past = history.before(cutoff_day)
    is_eligible = eligible_products(past, cutoff_day, groups)
    queries = _switches(history, cutoff_day, day_number(as_of_on), groups.types, is_eligible)
    lists = similar_products(past, cutoff_day, groups, SIMILAR_STRATEGIES)
    return item_board(SIMILAR_PRODUCTS, history, cutoff_day, as_of_on, lists, queries, seed=seed)


def _comparisons(groups: ProductGroups, products: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield blocks of places in products, what must be equal to the candidates', and which places are candidates."""
    types, categories = groups.types[products], groups.categories[products]
    is_alone = (np.bincount(types) == 1)[types] if len(types) else np.zeros(0, dtype=bool)
    for codes, members in ((types, np.flatnonzero(~is_alone)), (categories, np.flatnonzero(is_alone))):
        in_group = pd.Series(codes).groupby(codes).cumcount().to_numpy()
        for start in range(0, len(members), _BLOCK):
            yield members[start : start + _BLOCK], codes, in_group < GROUP_LIMIT


def _within_groups(
    vectors: sparse.csr_array, group: np.ndarray, rows: np.ndarray, is_candidate: np.ndarray
) -> sparse.csr_array:
    """Return vectors[rows] @ vectors.T for pairs of one group, candidates only: CSR, rows x products.

    Each group gets columns of its own, so that products of different groups share none and are never multiplied.
    """
    width = vectors.shape[1]
    size = (vectors.shape[0], width * (int(group.max(initial=-1)) + 1))
    columns = group[row_of_entries(vectors)] * width + vectors.indices
    split = sparse.csr_array((vectors.data, columns, vectors.indptr.astype(np.int64)), shape=size)
    others = keep_entries(split, is_candidate[row_of_entries(split)])
    return sparse.csr_array(split[rows] @ others.T)


def _switches(
    history: Interactions, cutoff_day: int, end_day: int, types: np.ndarray, is_eligible: np.ndarray
) -> Queries:
    """Return the last product of each customer and type before the cutoff, and the others of the type after it."""
    count = int(types.max(initial=-1)) + 1
    past, test = history.before(cutoff_day), history.between(cutoff_day, end_day)
    # The last line of a customer and type; lines are sorted by customer, day, order and product.
    keys, last = np.unique((past.customer * count + types[past.product])[::-1], return_index=True)
    given = past.product[::-1][last]
    wanted = test.customer * count + types[test.product]
    place = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    if not len(keys) or not len(wanted):
        return Queries(np.zeros(0, np.int64), np.zeros(0, np.int64), sparse.csr_array((0, history.shape[1])))
    is_switch = (keys[place] == wanted) & (given[place] != test.product)
    is_switch &= is_eligible[test.product] & is_eligible[given[place]]
    pairs = np.unique(place[is_switch] * history.shape[1] + test.product[is_switch])
    query, product = np.divmod(pairs, history.shape[1])
    asked, row = np.unique(query, return_inverse=True)
    truth = sparse.csr_array((np.ones(len(product)), (row, product)), shape=(len(asked), history.shape[1]))
    truth.sort_indices()
    return Queries(given[asked], keys[asked] // count, truth)
