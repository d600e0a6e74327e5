"""What is known at a cutoff about products that a customer has not bought yet: the inputs of the novel ranker.

Three sources name the candidates: what the nearest customers bought lately, what sells in the customer's stores, and what
sells among the product types that the customer buys. Together they hold 9 % of what customers newly buy in a month
(November), which is as far as 180 of 68,000 products go.
"""

from __future__ import annotations

from contextlib import ExitStack

import numpy as np
import pandas as pd
from scipy import sparse

from dmp_assets.analysis.interactions import Interactions
from dmp_assets.recommendations.neighbours import USER_RECENT_DAYS, recent_neighbours
from dmp_assets.recommendations.popularity import RECENT_DAYS, recent_orders
from dmp_assets.recommendations.product_groups import ProductGroups
from dmp_assets.recommendations.repeat_features import customer_features, product_features
from dmp_assets.recommendations.scores import ScatteredRows, best_positive, map_blocks, row_of_entries, values_at

NEIGHBOURS = 100
CANDIDATES = {"neighbour_score": 100, "store_score": 60, "type_score": 60}
"""Candidates from each source per customer."""

Factors = tuple[sparse.csr_array, sparse.csr_array]
"""A score as a product of two sparse matrices: customers x groups, groups x products."""


def novel_features(history: Interactions, end_day: int, groups: ProductGroups, *, n_jobs: int = 1) -> pd.DataFrame:
    """Return the features of each customer's new candidates: customer, product (codes) and float32 features.

    Args:
        history: all purchases; only those before end_day are read.
        end_day: the cutoff.
        groups: of the products.
        n_jobs: threads.
    """
    past = history.before(end_day)
    pairs = _candidates(_sources(past, end_day, groups.types, n_jobs), past.order_counts(), n_jobs)
    rows, columns = pairs["customer"].to_numpy(), pairs["product"].to_numpy()
    for table, codes in (
        (customer_features(past, end_day), rows),
        (product_features(past, end_day), columns),
        (_first_purchases(past, end_day), columns),
    ):
        for name, values in table.items():
            pairs[name] = values[codes]
    for name, codes in (("type", groups.types), ("category", groups.categories)):
        _add_group_features(pairs, name, past, end_day, codes)
    return pairs.astype(dict.fromkeys(pairs.columns[2:], np.float32))


def _sources(past: Interactions, end_day: int, types: np.ndarray, n_jobs: int) -> dict[str, Factors]:
    """Return the scores that name candidates, as factors."""
    customers, products = past.shape
    age = end_day - past.day
    sold = recent_orders(past, end_day)
    stores = int(past.store.max(initial=0)) + 1
    type_count = int(types.max(initial=0)) + 1
    month = past.between(end_day - RECENT_DAYS, end_day)
    visits = sparse.csr_array((np.exp2(-age / 28), (past.customer, past.store)), shape=(customers, stores))
    visit_totals = np.maximum(visits.sum(axis=1), 1e-9)
    store_share = sparse.csr_array(sparse.diags_array(1 / visit_totals) @ visits)
    store_sales = sparse.csr_array((np.ones(len(month.day)), (month.store, month.product)), shape=(stores, products))
    habit = sparse.csr_array((np.exp2(-age / 45), (past.customer, types[past.product])), shape=(customers, type_count))
    share = sold / np.maximum(np.bincount(types, sold, type_count)[types], 1)
    share_of_type = sparse.csr_array((share, (types, np.arange(products))), shape=(type_count, products))
    return {
        "neighbour_score": recent_neighbours(past, end_day, NEIGHBOURS, USER_RECENT_DAYS, n_jobs=n_jobs),
        "store_score": (store_share, store_sales),
        "type_score": (habit, share_of_type),
    }


def _candidates(sources: dict[str, Factors], bought: sparse.csr_array, n_jobs: int) -> pd.DataFrame:
    """Return each customer's candidates: customer, product (ascending) and the score by every source, whichever named it."""

    def candidates_of(block: slice) -> list[tuple[np.ndarray, ...]]:
        products = {
            name: ScatteredRows(left[block] @ right, bought.shape[1]) for name, (left, right) in sources.items()
        }
        found = []
        for row in range(block.start, block.stop):
            own = bought.indices[bought.indptr[row] : bought.indptr[row + 1]]
            with ExitStack() as stack:
                scored = {name: stack.enter_context(rows.row(row - block.start)) for name, rows in products.items()}
                named = []
                for name, (columns, scores) in scored.items():
                    scores[own] = 0
                    named.append(best_positive(columns, scores, CANDIDATES[name]))
                union: np.ndarray = np.unique(np.concatenate(named))
                found.append((np.full(len(union), row), union, *(scores[union] for _, scores in scored.values())))
        return found

    rows = [row for part in map_blocks(candidates_of, bought.shape[0], n_jobs) for row in part]
    arrays = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    return pd.DataFrame(dict(zip(["customer", "product", *sources], arrays, strict=True)))


def _first_purchases(past: Interactions, end_day: int) -> dict[str, np.ndarray]:
    """Return how many customers bought each product for the first time lately, and since when it is sold."""
    key = past.customer * past.shape[1] + past.product
    # Lines are sorted by customer and day, so the first of a pair is its first purchase.
    first = np.unique(key, return_index=True)[1]
    product, age = past.product[first], end_day - past.day[first]
    since = np.zeros(past.shape[1], dtype=np.int64)
    np.maximum.at(since, product, age)
    counts = {
        f"first_orders_{days}d": np.bincount(product[age <= days], minlength=past.shape[1]) for days in (7, 28, 84)
    }
    return counts | {"product_age": since}


def _add_group_features(pairs: pd.DataFrame, name: str, past: Interactions, end_day: int, codes: np.ndarray) -> None:
    """Add the customer's habit for the product's type or category, and what share of its sales is this product."""
    rows, columns = pairs["customer"].to_numpy(), pairs["product"].to_numpy()
    group = codes[columns]
    count = int(codes.max(initial=0)) + 1
    size = (past.shape[0], count)
    age = end_day - past.day
    for half_life in (14, 60):
        weights = np.exp2(-age / half_life)
        habit = sparse.csr_array((weights, (past.customer, codes[past.product])), shape=size).sorted_indices()
        pairs[f"{name}_decayed_{half_life}"] = values_at(habit, rows, group)
    bought = past.order_counts()
    tried = sparse.csr_array(
        (np.ones(bought.nnz), (row_of_entries(bought), codes[bought.indices])), shape=size
    ).sorted_indices()
    pairs[f"{name}_tried"] = values_at(tried, rows, group)
    last = np.full(size[0] * count, age.max(initial=0) + 1)
    np.minimum.at(last, past.customer * count + codes[past.product], age)
    pairs[f"{name}_last_days"] = last[rows * count + group]
    sold = np.bincount(codes[past.product[age <= RECENT_DAYS]], minlength=count)
    pairs[f"{name}_share_of_sales"] = pairs["product_orders_28d"] / np.maximum(sold[group], 1)
    pairs[f"{name}_novelty"] = pairs[f"{name}_tried"] / np.maximum(pairs[f"{name}_decayed_60"], 0.1)
