"""What is known at a cutoff about each product that a customer has bought: the inputs of the repeat ranker.

One row per customer and product bought before the cutoff. Everything is counted from lines before the cutoff.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from dmp_assets.analysis.interactions import Interactions
from dmp_assets.recommendations.tifu_knn import order_places

HALF_LIVES = (7, 21, 45, 90)
WINDOWS = (28, 84)
CANDIDATES = 120
"""Most frequent products (half-life 90 days) of a customer that are ranked; with all of them, November is not better."""


def purchase_cycles(past: Interactions, end_day: int) -> pd.DataFrame:
    """Return how each customer buys each product they have bought, one row per pair, by customer and product.

    Returns:
        customer, product (codes), order_count, last_days, first_days (days before end_day of the last and the first
        order), gap_mean (days from order to order; without a second order: the product's mean, else the mean of all),
        overdue (last_days / gap_mean), orders_since_first, orders_since_last (of the customer, with any product).
    """
    by_pair, starts = past.by_pair()
    customer, product, day = past.customer[by_pair], past.product[by_pair], past.day[by_pair]
    place, orders = order_places(past)
    place, orders = place[by_pair], orders[by_pair]
    ends = np.concatenate([starts[1:], [len(day)]]) - 1
    pairs = pd.DataFrame({"customer": customer[starts], "product": product[starts], "order_count": ends - starts + 1})
    pairs["last_days"] = end_day - day[ends]
    pairs["first_days"] = end_day - day[starts]
    span = (pairs["first_days"] - pairs["last_days"]).to_numpy()
    gaps = (pairs["order_count"] - 1).to_numpy()
    products = past.shape[1]
    product_gaps = np.bincount(pairs["product"], gaps, products)
    product_span = np.bincount(pairs["product"], span, products)
    any_gap = span.sum() / gaps.sum() if gaps.sum() else float(end_day - day.min())
    # Worth two gaps of any product: most products are bought again by few.
    typical = (product_span + 2 * any_gap) / (product_gaps + 2)
    pairs["gap_mean"] = np.maximum((span + typical[pairs["product"]]) / (gaps + 1), 1.0)
    pairs["overdue"] = pairs["last_days"] / pairs["gap_mean"]
    pairs["orders_since_first"] = orders[starts] - place[starts]
    pairs["orders_since_last"] = orders[ends] - 1 - place[ends]
    return pairs


def repeat_features(history: Interactions, end_day: int, types: np.ndarray) -> pd.DataFrame:
    """Return the features of each customer's bought products: customer, product (codes) and float32 features.

    Args:
        history: all purchases; only those before end_day are read.
        end_day: the cutoff.
        types: code of the product type of each product.
    """
    past = history.before(end_day)
    pairs = purchase_cycles(past, end_day)
    age = end_day - past.day
    for half_life in HALF_LIVES:
        pairs[f"decayed_{half_life}"] = past.sum_by_pair(np.exp2(-age / half_life)).data
    for days in WINDOWS:
        pairs[f"orders_{days}d"] = past.sum_by_pair((age <= days).astype(np.float64)).data
    _add_type_features(pairs, types)
    pairs["basket_share"] = pairs["order_count"] / pairs["orders_since_first"]
    pairs = _most_frequent(pairs, CANDIDATES)
    rows, columns = pairs["customer"].to_numpy(), pairs["product"].to_numpy()
    for table, codes in ((customer_features(past, end_day), rows), (product_features(past, end_day), columns)):
        for name, values in table.items():
            pairs[name] = values[codes]
    pairs["expected_orders"] = pairs["basket_share"] * pairs["customer_orders_28d"]
    pairs["decayed_share"] = pairs["decayed_45"] / np.maximum(pairs["customer_decayed_45"], 1e-9)
    features = pairs.columns[2:]
    return pairs.astype(dict.fromkeys(features, np.float32))


def _most_frequent(pairs: pd.DataFrame, k: int) -> pd.DataFrame:
    """Return the k rows of each customer with the highest 90-day decayed count, in the order of the input."""
    best = pairs.sort_values(["customer", "decayed_90", "product"], ascending=[True, False, True])
    return best.groupby("customer").head(k).sort_index().reset_index(drop=True)


def customer_features(past: Interactions, end_day: int) -> dict[str, np.ndarray]:
    """Return features of the customers, one value per customer: how often they come and how much they buy."""
    starts = np.concatenate([[True], np.diff(past.order) != 0])
    customers, age = past.customer[starts], end_day - past.day[starts]
    size = past.shape[0]
    orders = np.bincount(customers, minlength=size)
    lines = np.bincount(past.customer, minlength=size)
    last = np.full(size, age.max(initial=1))
    np.minimum.at(last, customers, age)
    recent = end_day - past.day <= 28
    return {
        "customer_orders": orders,
        "customer_orders_28d": np.bincount(customers[age <= 28], minlength=size),
        "customer_decayed_45": np.bincount(customers, np.exp2(-age / 45), size),
        "customer_last_days": last,
        "basket_size": lines / np.maximum(orders, 1),
        "customer_lines_28d": np.bincount(past.customer[recent], minlength=size),
        "customer_products": np.diff(past.order_counts().indptr),
    }


def product_features(past: Interactions, end_day: int) -> dict[str, np.ndarray]:
    """Return features of the products, one value per product: how much is sold, to how many, how often again."""
    size = past.shape[1]
    age = end_day - past.day
    counts = past.order_counts()
    buyers = np.bincount(counts.indices, minlength=size)
    repeaters = np.bincount(counts.indices[counts.data > 1], minlength=size)
    orders = {days: np.bincount(past.product[age <= days], minlength=size) for days in (7, 28, 84)}
    last = np.full(size, age.max(initial=1))
    np.minimum.at(last, past.product, age)
    return {
        "product_orders_7d": orders[7],
        "product_orders_28d": orders[28],
        "product_trend": (orders[28] + 1) / (orders[84] / 3 + 1),
        "product_trend_7d": (4 * orders[7] + 4) / (orders[28] + 4),
        "product_buyers": buyers,
        "product_repeat_share": repeaters / np.maximum(buyers, 1),
        "product_orders_per_buyer": np.bincount(past.product, minlength=size) / np.maximum(buyers, 1),
        "product_last_days": last,
    }


def _add_type_features(pairs: pd.DataFrame, types: np.ndarray) -> None:
    """Add the customer's habit for the product's type, and what share of it is this product."""
    key = pairs["customer"] * (types.max(initial=0) + 1) + types[pairs["product"]]
    grouped = pairs.groupby(key.to_numpy())
    for name in ("order_count", "decayed_45", "orders_28d"):
        pairs[f"type_{name}"] = grouped[name].transform("sum")
    pairs["type_last_days"] = grouped["last_days"].transform("min")
    pairs["type_products"] = grouped["last_days"].transform("size")
    pairs["share_of_type"] = pairs["decayed_45"] / np.maximum(pairs["type_decayed_45"], 1e-9)
