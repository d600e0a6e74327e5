"""Why a product is offered, in words, from the purchases alone: true for any strategy, and easy to check."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from dmp_assets.analysis.interactions import Interactions
from dmp_assets.analysis.product_text import UNKNOWN
from dmp_assets.recommendations.association import Associations, levels
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
    """Return the reasons: what it is to the customer, customers alike who bought it, what it sells.

    A customer who never bought the product may well buy its type: then it is another size or brand, and not new.
    """
    customer, product = ranked["customer"].to_numpy(), ranked["product"].to_numpy()
    near, bought = recent_neighbours(past, end_day, USER_NEIGHBOURS, USER_RECENT_DAYS)
    near.data[:] = 1
    neighbours = np.diff(near.indptr)[customer]
    alike = values_at(sparse.csr_array(near @ bought).sorted_indices(), customer, product).astype(np.int64)
    size = len(groups.type_names)
    pairs = np.unique(past.order * size + groups.types[past.product], return_index=True)[1]
    habit = np.bincount(past.customer[pairs] * size + groups.types[past.product[pairs]], minlength=past.shape[0] * size)
    own = habit[customer * size + groups.types[product]]
    sold = recent_orders(past, end_day).astype(np.int64)[product]
    reasons = [
        "; ".join(
            [_what_it_is(kind, orders)]
            + ([f"bought by {buyers} of the {near_by} most similar customers"] if buyers else [])
            + [f"in {sales} orders of all customers in the last {RECENT_DAYS} days"]
        )
        for buyers, near_by, orders, kind, sales in zip(
            alike, neighbours, own, groups.type_names[groups.types[product]], sold, strict=True
        )
    ]
    return np.array(reasons, dtype=object)


def cross_sell_reasons(lists: pd.DataFrame, groups: ProductGroups, found: list[Associations]) -> np.ndarray:
    """Return why products go together: how often orders with one, its type or its category hold the other, and who buys so.

    Args:
        lists: product, recommended (codes).
        groups: of the products.
        found: what goes with products, types and categories, from `association.associated_products`; the nearest that tells counts.
    """
    product, recommended = lists["product"].to_numpy(), lists["recommended"].to_numpy()
    names = np.full(len(lists), "", dtype=object)
    held, usual, buyers, orders = (np.zeros(len(lists)) for _ in range(4))
    told = [np.full(len(groups.types), "this product", dtype=object), groups.type_names, groups.category_names]
    for level, codes, kinds in reversed(list(zip(found, levels(groups), told, strict=True))):
        row = codes[product]
        share = values_at(level.share, row, recommended)
        is_told = share > 0
        held[is_told] = share[is_told]
        usual[is_told] = values_at(level.expected, row, recommended)[is_told]
        buyers[is_told] = values_at(level.customers, row, recommended)[is_told]
        orders[is_told] = level.order_counts[row][is_told]
        names[is_told] = kinds[row][is_told]
    reasons = [
        f"in {_share(share)} of the {count:,.0f} orders with {name}, of {customers:,.0f} customers; {_share(expected)} would be "
        "usual for what these orders hold"
        for share, count, name, customers, expected in zip(held, orders, names, buyers, usual, strict=True)
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


def _what_it_is(kind: str, orders: int) -> str:
    """Return whether a product that a customer has not bought is new to them, by its type and their orders with the type."""
    if kind == UNKNOWN:
        return "not bought before"
    if orders:
        return f"another {kind}, which {orders:,.0f} of this customer's orders {'holds' if orders == 1 else 'hold'}"
    return f"{kind} is new to this customer"


def _share(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"
