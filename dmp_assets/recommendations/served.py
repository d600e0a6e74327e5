"""The lists that are served: what to buy again and what to discover, each with its reason in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from scipy import sparse

from dmp_assets.recommendations.interactions import Interactions, day_number
from dmp_assets.recommendations.popularity import recent_orders
from dmp_assets.recommendations.product_groups import ProductGroups
from dmp_assets.recommendations.reasons import buy_again_reasons, discover_reasons
from dmp_assets.recommendations.scores import keep_entries, row_of_entries, select

BUY_AGAIN = "buy_again"
DISCOVER = "discover"
SERVED_LISTS = {BUY_AGAIN: "repeat", DISCOVER: "novel"}
"""The leaderboard's list that decides who fills each served list."""


@dataclass(frozen=True)
class Limits:
    """How long a served list may be.

    Attributes:
        length: places per customer.
        per_category: products of one category per customer.
    """

    length: int = 20
    per_category: int = 3

    def __post_init__(self) -> None:
        """Refuse limits that leave no place."""
        if self.length < 1 or self.per_category < 1:
            raise ValueError(f"length and per_category must be at least 1, not {self.length} and {self.per_category}")


DEFAULT_LIMITS = Limits()


def served_list(
    history: Interactions,
    scores: sparse.csr_array,
    groups: ProductGroups,
    as_of_on: date,
    name: str,
    strategy: str,
    limits: Limits = DEFAULT_LIMITS,
) -> pd.DataFrame:
    """Return each customer's best candidates for one list, filtered, ranked and explained.

    Left out are fuel, products without a sale in the last RECENT_DAYS days, and in each category all but the
    limits.per_category best of the customer.

    Args:
        history: all purchases; only those before as_of_on are read.
        scores: of the strategy at as_of_on.
        groups: of the products.
        as_of_on: the lists are computed from purchases before this day.
        name: 'buy_again' or 'discover'.
        strategy: name of the strategy the scores come from.
        limits: how long the list may be.

    Returns:
        customer_id, list, rank, product_id, score, strategy, reason, expected_on, as_of_on; sorted by customer_id and
        rank. expected_on is null on 'discover'. Customers without candidates have no row.
    """
    end_day = day_number(as_of_on)
    past = history.before(end_day)
    is_eligible = (recent_orders(history, end_day) > 0) & ~groups.is_fuel
    candidates = select(scores, past.order_counts(), SERVED_LISTS[name])
    candidates = keep_entries(candidates, is_eligible[candidates.indices])
    ranked = _ranked(candidates, groups.categories, limits)
    size = len(ranked)
    if name == BUY_AGAIN:
        reason, expected_on = buy_again_reasons(past, end_day, ranked)
    else:
        reason = discover_reasons(past, end_day, ranked, groups)
        expected_on = np.full(size, np.datetime64("NaT"))
    return pd.DataFrame(
        {
            "customer_id": history.customers[ranked["customer"]],
            "list": np.full(size, name, dtype=object),
            "rank": ranked["rank"],
            "product_id": history.products[ranked["product"]],
            "score": ranked["score"],
            "strategy": np.full(size, strategy, dtype=object),
            "reason": reason,
            "expected_on": expected_on.astype("datetime64[us]"),
            "as_of_on": np.full(size, as_of_on, dtype="datetime64[us]"),
        }
    )


def _ranked(scores: sparse.csr_array, categories: np.ndarray, limits: Limits) -> pd.DataFrame:
    """Return customer, product (codes), score and rank of the best candidates within the caps."""
    table = pd.DataFrame(
        {"customer": row_of_entries(scores), "product": scores.indices.astype(np.int64), "score": scores.data}
    )
    table = table.sort_values(["customer", "score", "product"], ascending=[True, False, True])
    in_category = table.groupby([table["customer"], categories[table["product"]]]).cumcount()
    table = table[in_category < limits.per_category]
    table = table.assign(rank=table.groupby("customer").cumcount() + 1)
    return table[table["rank"] <= limits.length].reset_index(drop=True)
