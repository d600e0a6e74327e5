"""Why a product is offered, in words, from the purchases alone: true for any strategy, and easy to check."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from dmp_assets.analysis.interactions import Interactions
from dmp_assets.analysis.product_text import UNKNOWN
from dmp_assets.recommendations.baskets import Rules, TypeBaskets
from dmp_assets.recommendations.neighbours import USER_NEIGHBOURS, USER_RECENT_DAYS, as_set, recent_neighbours
from dmp_assets.recommendations.popularity import RECENT_DAYS, recent_orders
from dmp_assets.recommendations.product_groups import ProductGroups
from dmp_assets.recommendations.repeat_features import purchase_cycles
from dmp_assets.recommendations.scores import values_at
from dmp_assets.recommendations.tifu_knn import order_places

REASON_ORDERS = 20
_PAIRS = 50_000
"""Pairs of products whose customers are compared at once."""


def buy_again_reasons(past: Interactions, end_day: int, ranked: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the reasons and the expected dates: last order + usual gap, the as-of date where that has passed."""
    place, orders = order_places(past)
    recent = past.sum_by_pair((orders - place <= REASON_ORDERS).astype(np.float64))
    totals = np.zeros(past.shape[0], dtype=np.int64)
    totals[past.customer] = orders
    customer, product = ranked["customer"].to_numpy(), ranked["product"].to_numpy()
    cycles = ranked[["customer", "product"]].merge(
        purchase_cycles(past, end_day), on=["customer", "product"], how="left"
    )
    counts = values_at(recent, customer, product).astype(np.int64)
    reasons = [
        (
            f"bought in {count} of the last {min(total, REASON_ORDERS)} orders"
            if count
            else f"bought in {ever} orders"
            if ever > 1
            else "bought in 1 order"
        )
        + f", last {_days(last)} ago"
        + (f", usually every {_days(gap)}" if ever > 2 else "")
        for count, total, ever, last, gap in zip(
            counts,
            totals[customer],
            cycles["order_count"],
            cycles["last_days"],
            np.rint(cycles["gap_mean"]).astype(np.int64),
            strict=True,
        )
    ]
    due = end_day - cycles["last_days"].to_numpy() + np.rint(cycles["gap_mean"].to_numpy()).astype(np.int64)
    return np.array(reasons, dtype=object), np.maximum(due, end_day).astype("datetime64[D]")


def discover_reasons(past: Interactions, end_day: int, ranked: pd.DataFrame, groups: ProductGroups) -> np.ndarray:
    """Return the reasons: customers alike who bought it, the customer's habit for its type, what it sells."""
    customer, product = ranked["customer"].to_numpy(), ranked["product"].to_numpy()
    near, bought = recent_neighbours(past, end_day, USER_NEIGHBOURS, USER_RECENT_DAYS)
    near.data[:] = 1
    neighbours = np.diff(near.indptr)[customer]
    alike = values_at(sparse.csr_array(near @ bought).sorted_indices(), customer, product).astype(np.int64)
    recent = past.between(end_day - USER_RECENT_DAYS, end_day)
    size = len(groups.type_names)
    pairs = np.unique(recent.order * size + groups.types[recent.product], return_index=True)[1]
    habit = np.bincount(
        recent.customer[pairs] * size + groups.types[recent.product[pairs]], minlength=past.shape[0] * size
    )
    own = habit[customer * size + groups.types[product]]
    sold = recent_orders(past, end_day).astype(np.int64)[product]
    reasons = [
        "; ".join(
            ([f"bought by {buyers} of the {near_by} most similar customers"] if buyers else [])
            + (
                [f"{kind} is in {orders} of this customer's orders of the last {USER_RECENT_DAYS} days"]
                if orders
                else []
            )
            + [f"in {sales} orders of all customers in the last {RECENT_DAYS} days"]
        )
        for buyers, near_by, orders, kind, sales in zip(
            alike, neighbours, own, groups.type_names[groups.types[product]], sold, strict=True
        )
    ]
    return np.array(reasons, dtype=object)


def cross_sell_reasons(
    past: Interactions,
    end_day: int,
    lists: pd.DataFrame,
    groups: ProductGroups,
    rules: Rules,
    by_type: TypeBaskets,
) -> np.ndarray:
    """Return why each product goes with another: how often both are in one order, else how often with its type.

    Args:
        past: purchases before the as-of date.
        end_day: the as-of date, days since 1970-01-01.
        lists: product, recommended (codes).
        groups: of the products.
        rules: mined from past.
        by_type: `cross_sell.type_baskets` of past.
    """
    product, recommended = lists["product"].to_numpy(), lists["recommended"].to_numpy()
    both = values_at(rules.support, product, recommended)
    with_product = rules.order_counts[product]
    usual = rules.order_counts[recommended] / max(rules.total_orders, 1)
    with_type = values_at(by_type.confidence(), groups.types[product], recommended)
    sold = recent_orders(past, end_day)[recommended].astype(np.int64)
    reasons = [
        f"in {_share(common / orders)} of the {orders:,.0f} orders with this product, in {_share(any_order)} of all orders"
        if common
        else f"in {_share(of_type)} of the orders with {kind}, in {_share(any_order)} of all orders"
        if of_type > any_order
        else f"in {sales} orders of all customers in the last {RECENT_DAYS} days"
        for common, orders, any_order, of_type, kind, sales in zip(
            both, with_product, usual, with_type, groups.type_names[groups.types[product]], sold, strict=True
        )
    ]
    return np.array(reasons, dtype=object)


def similar_reasons(past: Interactions, lists: pd.DataFrame, groups: ProductGroups) -> np.ndarray:
    """Return why each product is like another: the same type (or category) where it is known, and who bought both.

    Args:
        past: purchases before the as-of date.
        lists: product, recommended (codes).
        groups: of the products.
    """
    product, recommended = lists["product"].to_numpy(), lists["recommended"].to_numpy()
    by_product = as_set(past.order_counts()).T.tocsr()
    buyers = np.diff(by_product.indptr)
    both = np.concatenate(
        [np.zeros(0)]
        + [
            by_product[product[start : start + _PAIRS]]
            .multiply(by_product[recommended[start : start + _PAIRS]])
            .sum(axis=1)
            for start in range(0, len(product), _PAIRS)
        ]
    ).astype(np.int64)
    is_same_type = groups.types[product] == groups.types[recommended]
    reasons = [
        ", ".join(
            ([f"also {kind}"] if is_type else [f"also in {category}"] if category != UNKNOWN else [])
            + (
                [f"bought by {common} of the {customers} customers of this product"]
                if common
                else ["described alike" if category != UNKNOWN else "as little is known of either"]
            )
        )
        for is_type, kind, category, common, customers in zip(
            is_same_type,
            groups.type_names[groups.types[product]],
            groups.category_names[groups.categories[product]],
            both,
            buyers[product],
            strict=True,
        )
    ]
    return np.array(reasons, dtype=object)


def _share(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"
