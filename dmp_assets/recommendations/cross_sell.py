"""Cross-sell: which products go into a basket with a given one, and how well each way of telling foresees baskets.

A complement is of another product type. With substitutes in the lists, November's baskets gave NDCG@10 0.080 for what
the rest of the basket held of other types; without them 0.085. (Counting products of the same type as hits too, lists
with them reach 0.099 against 0.083: two flavours of one yoghurt go together, but that is what 'similar_products' shows.)

Six ways are compared. Popularity is the naive answer: what sells anyway. The rules are those of `baskets`: by confidence, by
lift with SHRINKAGE expected orders added (plain lift names chance finds), by cosine. 'smoothed_confidence' is
the confidence with SMOOTHING orders of the product's type added (a Bayesian mean), so that a product with few orders
borrows its complements from its type, and a type with few orders lends little: 0.084 in November (popularity 0.079, plain
confidence 0.072, lift and cosine less). With a type's shares taken as they are it is 0.086, but types of one order then have the
highest scores.

Foreseeing baskets is done best by naming what sells: smoothed confidence puts the best seller, bananas, first for 91.5 % of the
products, which tells nobody what goes with what. So the sixth, 'association', serves: only what orders hold more often than their
size and the sales explain, with 20 customers behind it (`association`, with NDCG@10 and who has no list): it foresees baskets worse
than what sells anyway, and is served because that tells nobody what goes with what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from scipy import sparse

from dmp_assets.analysis.interactions import Interactions, day_number
from dmp_assets.recommendations.association import Associations, associated_products, association_scores
from dmp_assets.recommendations.baskets import Rules, TypeBaskets, mine_rules, type_baskets
from dmp_assets.recommendations.leaderboard import LIST_LENGTH, coverage, list_board, self_information
from dmp_assets.recommendations.metrics import customer_metrics
from dmp_assets.recommendations.names import ASSOCIATION, CROSS_SELL, CROSS_SELL_STRATEGIES
from dmp_assets.recommendations.popularity import recent_orders
from dmp_assets.recommendations.product_groups import ProductGroups
from dmp_assets.recommendations.ranking import best_entries, best_places
from dmp_assets.recommendations.scores import keep_entries, row_of_entries
from dmp_assets.recommendations.segments import frequency_segments

SHRINKAGE = 5.0
SMOOTHING = 20.0
_TYPE_PRODUCTS = 100
"""Products that a type lends: below the hundredth, the share is too small to reach a list of ten."""

Places = tuple[np.ndarray, np.ndarray]
"""Products on each product's list, best first, -1 for none (int64), and their scores: products x LIST_LENGTH."""


def eligible_products(past: Interactions, end_day: int, groups: ProductGroups) -> np.ndarray:
    """Return which products may be recommended: recommendable, sold in the last 28 days, not excluded: bool, products."""
    return (recent_orders(past, end_day) > 0) & groups.is_recommendable & ~groups.is_excluded


def complements(
    past: Interactions,
    end_day: int,
    groups: ProductGroups,
    rules: Rules,
    by_type: TypeBaskets,
    strategies: Sequence[str],
) -> dict[str, Places]:
    """Return the complements of every eligible product by each of the strategies.

    Args:
        past: purchases before end_day.
        end_day: days since 1970-01-01.
        groups: of the products.
        rules: mined from past.
        by_type: `type_baskets` of past.
        strategies: of CROSS_SELL_STRATEGIES.

    Returns:
        By strategy. Only eligible products of another type are on a list; a list may be short or empty.
    """
    is_eligible = eligible_products(past, end_day, groups)
    found = {}
    for strategy in strategies:
        if strategy == ASSOCIATION:
            found[strategy] = associated(associated_products(past, groups, is_eligible), groups, is_eligible)
        elif strategy == "popularity":
            found[strategy] = _best_sellers(recent_orders(past, end_day), groups.types, is_eligible)
        else:
            scores = _scores(strategy, rules, by_type, groups.types, is_eligible)
            found[strategy] = best_places(_other_types(scores, groups.types, is_eligible), LIST_LENGTH)
    return found


def associated(found: list[Associations], groups: ProductGroups, is_eligible: np.ndarray) -> Places:
    """Return the complements of every eligible product by `association.associated_products`."""
    return best_places(association_scores(found, groups, is_eligible), LIST_LENGTH)


def cross_sell_board(
    history: Interactions, groups: ProductGroups, cutoff_day: int, as_of_on: date, *, seed: int = 0
) -> pd.DataFrame:
    """Return the leaderboard of the strategies on the baskets between cutoff and as-of date.

    From each basket with two or more products that were eligible at the cutoff, one is drawn with a fixed seed; its list
    is to foresee the others, those of its own type left out. A customer's value is the mean of their baskets.

    Args:
        history: all purchases.
        groups: of the products.
        cutoff_day: first day of the test period, days since 1970-01-01.
        as_of_on: day after its last day.
        seed: of the draw and of the resamples.

    Returns:
        Rows of the leaderboard (`leaderboard.COLUMNS`), list 'cross_sell'; none if there is no basket to foresee.
    """
    past = history.before(cutoff_day)
    is_eligible = eligible_products(past, cutoff_day, groups)
    test = history.between(cutoff_day, day_number(as_of_on))
    queries = _baskets_to_complete(test, is_eligible, groups.types, seed)
    lists = complements(
        past, cutoff_day, groups, mine_rules(past), type_baskets(past, groups.types), CROSS_SELL_STRATEGIES
    )
    return item_board(CROSS_SELL, history, cutoff_day, as_of_on, lists, queries, seed=seed)


@dataclass(frozen=True)
class Queries:
    """What lists of products for products are asked for, and what they are to foresee.

    Attributes:
        given: int64, the product whose list is asked for, one per query.
        customer: int64, who asks.
        truth: relevant products: CSR, queries x products, at least one each.
    """

    given: np.ndarray
    customer: np.ndarray
    truth: sparse.csr_array


def item_board(
    which: str,
    history: Interactions,
    cutoff_day: int,
    as_of_on: date,
    lists: dict[str, Places],
    queries: Queries,
    *,
    seed: int,
) -> pd.DataFrame:
    """Return the leaderboard rows of lists of products for products.

    Args:
        which: name of the list.
        history: all purchases.
        cutoff_day: first day of the test period, days since 1970-01-01.
        as_of_on: day after its last day.
        lists: by strategy.
        queries: of the test period.
        seed: of the resamples.
    """
    bought = history.before(cutoff_day).order_counts()
    information = self_information(bought)
    asking, code = np.unique(queries.customer, return_inverse=True)
    if not len(asking):
        return pd.DataFrame()
    sizes = np.bincount(code)
    values, covered = {}, {}
    for strategy, (products, _) in lists.items():
        items = products[queries.given]
        metrics = customer_metrics(items, queries.truth, information)
        values[strategy] = {name: np.bincount(code, value) / sizes for name, value in metrics.items()}
        covered[strategy] = coverage(items, int(np.count_nonzero(np.bincount(bought.indices))))
    segments = frequency_segments(history, cutoff_day)[asking]
    return list_board(which, values, covered, segments, as_of_on, seed=seed)


def cross_sell(basket: Sequence[str], product_recommendations: pd.DataFrame, length: int = LIST_LENGTH) -> pd.DataFrame:
    """Return what goes with a whole basket: the complements of its products by their mean score.

    Args:
        basket: product ids. Products without a list count as not recommending anything.
        product_recommendations: recommendations.product_recommendations.
        length: products to return at most.

    Returns:
        recommended_product_id, score (mean over the basket's products, 0 where a product does not name it), rank (from
        1), because_of_product_id (of the basket, the product that names it with the highest score), reason (of that
        product); sorted by rank. Nothing that is in the basket; ties to the lower product id.

    Raises:
        ValueError: if the basket is empty or length below 1.
    """
    products = sorted(set(basket))
    if not products:
        raise ValueError("the basket is empty: name at least one product")
    if length < 1:
        raise ValueError(f"length must be at least 1, not {length}")
    rows = product_recommendations[
        product_recommendations["list"].eq(CROSS_SELL)
        & product_recommendations["product_id"].isin(products)
        & ~product_recommendations["recommended_product_id"].isin(products)
    ].sort_values(["recommended_product_id", "score", "product_id"], ascending=[True, False, True])
    best = rows.drop_duplicates("recommended_product_id").set_index("recommended_product_id")
    totals = rows.groupby("recommended_product_id")["score"].sum() / len(products)
    found = pd.DataFrame(
        {
            "recommended_product_id": totals.index,
            "score": totals.to_numpy(),
            "because_of_product_id": best.loc[totals.index, "product_id"].to_numpy(),
            "reason": best.loc[totals.index, "reason"].to_numpy(),
        }
    )
    found = found.sort_values(["score", "recommended_product_id"], ascending=[False, True], ignore_index=True)
    found.insert(2, "rank", np.arange(1, len(found) + 1))
    return found.head(length)


def _scores(
    strategy: str, rules: Rules, by_type: TypeBaskets, types: np.ndarray, is_eligible: np.ndarray
) -> sparse.csr_array:
    if strategy == "smoothed_confidence":
        return _smoothed_confidence(rules, by_type, types, is_eligible)
    return {
        "rule_confidence": rules.confidence,
        "rule_lift": lambda: rules.lift(SHRINKAGE),
        "basket_cosine": rules.cosine,
    }[strategy]()


def _smoothed_confidence(
    rules: Rules, by_type: TypeBaskets, types: np.ndarray, is_eligible: np.ndarray
) -> sparse.csr_array:
    pairs = by_type.support
    is_complement = is_eligible[pairs.indices] & (row_of_entries(pairs) != types[pairs.indices])
    # A type with few orders knows little too: its shares are pulled towards nothing by as many orders.
    prior = best_entries(keep_entries(by_type.confidence(SMOOTHING), is_complement), _TYPE_PRODUCTS)
    # Rows of products that are not offered stay empty: they are most of the products.
    rows = np.flatnonzero(is_eligible)
    of_type = sparse.csr_array((np.full(len(rows), SMOOTHING), (rows, types[rows])), (len(types), prior.shape[0]))
    own = keep_entries(rules.support, is_eligible[row_of_entries(rules.support)])
    total = sparse.csr_array(sparse.csr_array(of_type @ prior) + own)
    total.sort_indices()
    total.data /= (rules.order_counts + SMOOTHING)[row_of_entries(total)]
    return total


def _other_types(scores: sparse.csr_array, types: np.ndarray, is_eligible: np.ndarray) -> sparse.csr_array:
    rows, columns = row_of_entries(scores), scores.indices
    return keep_entries(scores, is_eligible[rows] & is_eligible[columns] & (types[rows] != types[columns]))


def _best_sellers(sold: np.ndarray, types: np.ndarray, is_eligible: np.ndarray) -> Places:
    """Return the eligible products of other types that sell best, the same for all products of a type."""
    eligible = np.flatnonzero(is_eligible)
    ranked = eligible[np.argsort(-sold[eligible], kind="stable")]
    by_type = np.full((int(types.max(initial=-1)) + 1, LIST_LENGTH), -1, dtype=np.int64)
    for kind in np.unique(types[eligible]):
        best = ranked[types[ranked] != kind][:LIST_LENGTH]
        by_type[kind, : len(best)] = best
    products = np.where(is_eligible[:, None], by_type[types], -1)
    return products, np.where(products >= 0, sold[products], -np.inf)


def _baskets_to_complete(test: Interactions, is_eligible: np.ndarray, types: np.ndarray, seed: int) -> Queries:
    """Return the product given, the customer and what the rest of each basket holds of other types."""
    kept = is_eligible[test.product]
    order, product, customer = test.order[kept], test.product[kept], test.customer[kept]
    by_order = np.lexsort((np.random.default_rng(seed).random(len(order)), order))
    order, product, customer = order[by_order], product[by_order], customer[by_order]
    is_given = np.ones(len(order), dtype=bool)
    is_given[1:] = np.diff(order) != 0
    basket = np.cumsum(is_given) - 1
    given = product[is_given]
    is_truth = ~is_given & (types[product] != types[given[basket]])
    truth = sparse.csr_array(
        (np.ones(int(is_truth.sum())), (basket[is_truth], product[is_truth])), shape=(len(given), test.shape[1])
    )
    truth.sort_indices()
    counted = np.flatnonzero(np.diff(truth.indptr))
    return Queries(given[counted], customer[is_given][counted], truth[counted])
