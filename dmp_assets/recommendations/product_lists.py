"""The lists that are served beside a product: what goes with it and what can stand in for it, each with its reason."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from dmp_assets.analysis.interactions import Interactions, day_number
from dmp_assets.platform.emptiness import as_table
from dmp_assets.recommendations.association import associated_products
from dmp_assets.recommendations.cross_sell import Places, associated, cross_sell_board, eligible_products
from dmp_assets.recommendations.leaderboard import champion, sorted_board
from dmp_assets.recommendations.names import ASSOCIATION, CROSS_SELL, SIMILAR_PRODUCTS
from dmp_assets.recommendations.product_groups import ProductGroups
from dmp_assets.recommendations.reasons import cross_sell_reasons, similar_reasons
from dmp_assets.recommendations.schema import PRODUCT_RECOMMENDATIONS
from dmp_assets.recommendations.similar_products import similar_products, similar_products_board

DEFAULT_SIMILAR = "shared_buyers"
"""Who serves similar products where no switch tells: the champion of the demo data."""


def product_board(
    history: Interactions, groups: ProductGroups, cutoff_day: int, as_of_on: date, *, seed: int = 0
) -> pd.DataFrame:
    """Compare the strategies of both lists on the days from the cutoff on.

    Args:
        history: all purchases.
        groups: of the products.
        cutoff_day: first day of the test period, days since 1970-01-01.
        as_of_on: day after its last day.
        seed: of draws and resamples.

    Returns:
        Rows of the leaderboard (`schema.LEADERBOARD`); none of a list where the test period tells nothing.
    """
    return sorted_board(
        [
            cross_sell_board(history, groups, cutoff_day, as_of_on, seed=seed),
            similar_products_board(history, groups, cutoff_day, as_of_on, seed=seed),
        ]
    )


def product_lists(history: Interactions, groups: ProductGroups, as_of_on: date, board: pd.DataFrame) -> pd.DataFrame:
    """Return both lists of every product in the assortment.

    Args:
        history: all purchases; only those before as_of_on are read.
        groups: of the products.
        as_of_on: the lists are computed from purchases before this day.
        board: the leaderboard, of this day or an earlier one; its champion fills the similar products.

    Returns:
        As `schema.PRODUCT_RECOMMENDATIONS`, sorted by product_id, list and rank. Both products were sold in the last
        28 days, are recommendable and not excluded.
    """
    end_day = day_number(as_of_on)
    past = history.before(end_day)
    similar = champion(board, SIMILAR_PRODUCTS) or DEFAULT_SIMILAR
    is_eligible = eligible_products(past, end_day, groups)
    found = associated_products(past, groups, is_eligible)
    complement_table = _table(history, associated(found, groups, is_eligible))
    similar_table = _table(history, similar_products(past, end_day, groups, [similar])[similar])
    tables = [
        complement_table.assign(
            list=CROSS_SELL,
            strategy=ASSOCIATION,
            reason=cross_sell_reasons(complement_table, groups, found),
        ),
        similar_table.assign(
            list=SIMILAR_PRODUCTS, strategy=similar, reason=similar_reasons(past, similar_table, groups)
        ),
    ]
    lists = pd.concat(tables).sort_values(["product", "list", "rank"], ignore_index=True)
    lists = lists.assign(as_of_on=np.full(len(lists), as_of_on, dtype="datetime64[us]"))
    return as_table(lists, PRODUCT_RECOMMENDATIONS)


def _table(history: Interactions, places: Places) -> pd.DataFrame:
    """Return the lists as rows: product and recommended (codes), their ids, rank and score."""
    products, scores = places
    product, place = np.nonzero(products >= 0)
    recommended = products[product, place]
    return pd.DataFrame(
        {
            "product": product,
            "recommended": recommended,
            "product_id": history.products[product],
            "rank": place + 1,
            "recommended_product_id": history.products[recommended],
            "score": scores[product, place],
        }
    )
