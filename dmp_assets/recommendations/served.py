"""The lists that are served: what to buy again and what to discover, each with its reason in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from scipy import sparse

from dmp_assets.analysis.interactions import Interactions, day_number
from dmp_assets.analysis.product_text import UNKNOWN
from dmp_assets.recommendations.cross_sell import eligible_products
from dmp_assets.recommendations.names import BUY_AGAIN, SERVED_LISTS
from dmp_assets.recommendations.product_groups import ProductGroups
from dmp_assets.recommendations.reasons import buy_again_reasons, discover_reasons
from dmp_assets.recommendations.repeat_features import purchase_cycles
from dmp_assets.recommendations.scores import is_stored, keep_entries, row_of_entries, select

HELD_BACK_SHARE = 0.05
"""Small, because what was bought last is what is bought again: with decayed_frequency, November's NDCG@10 of repeats falls
from 0.494 to 0.486 at 0.05, 0.472 at 0.1 and 0.437 at 0.25 (of the first week: from 0.394 to 0.390, 0.378 and 0.349)."""


@dataclass(frozen=True)
class Limits:
    """How long a served list may be.

    Attributes:
        length: places per customer.
        per_category: products of one category per customer.
        held_back_share: share of the usual gap between purchases that must have passed before a product is offered on
            'buy_again' again; with 0.25, what is bought every 20 days is held back for 5. 0 holds nothing back.
    """

    length: int = 20
    per_category: int = 3
    held_back_share: float = HELD_BACK_SHARE

    def __post_init__(self) -> None:
        """Refuse limits that leave no place."""
        if self.length < 1 or self.per_category < 1:
            raise ValueError(f"length and per_category must be at least 1, not {self.length} and {self.per_category}")
        if self.held_back_share < 0:
            raise ValueError(f"held_back_share must not be below 0, but is {self.held_back_share}")


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

    Left out are products that are not recommendable, excluded or without a sale in the last RECENT_DAYS days, on 'buy_again' what
    was bought too lately for the customer's usual gap (limits.held_back_share), and in each category all but the
    limits.per_category best of the customer; products of unknown category are not held to be of one.

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
    is_eligible = eligible_products(past, end_day, groups)
    candidates = select(scores, past.order_counts(), SERVED_LISTS[name])
    candidates = keep_entries(candidates, is_eligible[candidates.indices])
    if name == BUY_AGAIN and limits.held_back_share > 0:
        candidates = hold_back(candidates, past, end_day, limits.held_back_share)
    ranked = _ranked(candidates, groups, limits)
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


def hold_back(scores: sparse.csr_array, past: Interactions, end_day: int, share: float) -> sparse.csr_array:
    """Return the scores without what the customer bought less than `share` of their usual gap ago.

    Args:
        scores: customers x products.
        past: purchases before end_day.
        end_day: days since 1970-01-01.
        share: of `purchase_cycles`' gap_mean; of two orders or more of the product.
    """
    cycles = purchase_cycles(past, end_day)
    is_recent = (cycles["overdue"] < share) & (cycles["order_count"] > 1)
    recent = cycles[is_recent]
    held = sparse.csr_array((np.ones(len(recent)), (recent["customer"], recent["product"])), shape=scores.shape)
    held.sort_indices()
    return keep_entries(scores, ~is_stored(held, scores))


def _ranked(scores: sparse.csr_array, groups: ProductGroups, limits: Limits) -> pd.DataFrame:
    """Return customer, product (codes), score and rank of the best candidates within the caps."""
    table = pd.DataFrame(
        {"customer": row_of_entries(scores), "product": scores.indices.astype(np.int64), "score": scores.data}
    )
    table = table.sort_values(["customer", "score", "product"], ascending=[True, False, True])
    category = groups.categories[table["product"]]
    in_category = table.groupby([table["customer"], category]).cumcount()
    table = table[(in_category < limits.per_category) | (groups.category_names[category] == UNKNOWN)]
    table = table.assign(rank=table.groupby("customer").cumcount() + 1)
    return table[table["rank"] <= limits.length].reset_index(drop=True)
