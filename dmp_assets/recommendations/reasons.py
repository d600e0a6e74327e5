"""Why a product is offered, in words, from the purchases alone: true for any strategy, and easy to check."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from dmp_assets.recommendations.interactions import Interactions
from dmp_assets.recommendations.neighbours import USER_NEIGHBOURS, USER_RECENT_DAYS, recent_neighbours
from dmp_assets.recommendations.popularity import RECENT_DAYS, recent_orders
from dmp_assets.recommendations.product_groups import ProductGroups
from dmp_assets.recommendations.repeat_features import purchase_cycles
from dmp_assets.recommendations.scores import values_at
from dmp_assets.recommendations.tifu_knn import order_places

REASON_ORDERS = 20


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
            ([f"bought by {neighbours} of the {USER_NEIGHBOURS} most similar customers"] if neighbours else [])
            + (
                [f"{kind} is in {orders} of this customer's orders of the last {USER_RECENT_DAYS} days"]
                if orders
                else []
            )
            + [f"in {sales} orders of all customers in the last {RECENT_DAYS} days"]
        )
        for neighbours, orders, kind, sales in zip(
            alike, own, groups.type_names[groups.types[product]], sold, strict=True
        )
    ]
    return np.array(reasons, dtype=object)


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"
