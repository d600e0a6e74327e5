"""Orders as sequences: a customer's weeks, each the set of products bought in it, with what is to be foreseen after them.

A grocery order is a set without an order inside, and a household orders once or five times a week; so a step of a sequence is
a week, not a click. Weeks are counted back from the cutoff, so that the last one is always whole. An example is a customer at the
end of a week: the window of weeks up to it goes into the network, the products bought in the TARGET_WEEKS after it are the truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dmp_assets.analysis.interactions import Interactions

WINDOW = 26
"""Weeks that a network reads."""
TARGET_WEEKS = 4
"""Weeks whose purchases are the truth of an example: close to the horizon of 31 days of the leaderboard."""
POPULARITY_WEEKS = 4
HALF_LIVES_DAYS = (14.0, 60.0, 180.0)
LEAST_ORDERS = 0.05
"""Added to decayed order counts before the logarithm: what is bought once a year is not minus infinity."""


@dataclass(frozen=True)
class Weeks:
    """What each customer bought in each week: one line per customer, week and product, sorted by them.

    Attributes:
        customer: int64, one per line.
        week: int64, one per line, from 0 to `count` - 1; week `count` - 1 ends on the day before the cutoff.
        product: int64, one per line.
        item: int64, one per line: the product's place in the vocabulary, its length for a product outside it.
        orders: float64, one per line: orders with the product in the week.
        count: number of weeks.
        items: length of the vocabulary.
        shape: customers and products of the purchases.
        popularity: float32, weeks x items: logarithm of the orders in the POPULARITY_WEEKS up to the end of the week, plus a half.
    """

    customer: np.ndarray
    week: np.ndarray
    product: np.ndarray
    item: np.ndarray
    orders: np.ndarray
    count: int
    items: int
    shape: tuple[int, int]
    popularity: np.ndarray

    def lines(
        self, customer: np.ndarray, first_week: np.ndarray, end_week: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the lines with first_week <= week < end_week of each customer given: which of the customers, which line."""
        key = self.customer * (self.count + 1) + self.week
        start = np.searchsorted(key, customer * (self.count + 1) + np.clip(first_week, 0, self.count))
        stop = np.searchsorted(key, customer * (self.count + 1) + np.clip(end_week, 0, self.count))
        sizes = np.maximum(stop - start, 0)
        offset = np.cumsum(sizes) - sizes
        return np.repeat(np.arange(len(customer)), sizes), np.arange(sizes.sum()) + np.repeat(start - offset, sizes)


def common_products(past: Interactions, min_customers: int) -> np.ndarray:
    """Return the vocabulary: the products (codes, ascending) bought by at least `min_customers` customers.

    Where no product has so many customers, those with the most.
    """
    bought = past.order_counts()
    customers = np.bincount(bought.indices, minlength=bought.shape[1])
    return np.flatnonzero(customers >= min(min_customers, max(customers.max(initial=0), 1)))


def encode_weeks(history: Interactions, end_day: int, vocabulary: np.ndarray) -> Weeks:
    """Return the weeks of every customer up to the cutoff.

    Args:
        history: all purchases; only those before end_day are read.
        end_day: the cutoff, days since 1970-01-01.
        vocabulary: products that the networks know, as codes of the purchases; -1 for one that was never bought in them.

    Raises:
        ValueError: if nothing was bought before the cutoff.
    """
    past = history.before(end_day)
    if not len(past.day):
        raise ValueError("nothing was bought before the cutoff, so there are no sequences")
    ago = (end_day - 1 - past.day) // 7
    count = int(ago.max()) + 1
    products = past.shape[1]
    key, orders = np.unique((past.customer * count + count - 1 - ago) * products + past.product, return_counts=True)
    customer_week, product = np.divmod(key, products)
    customer, week = np.divmod(customer_week, count)
    place = np.full(products, len(vocabulary), dtype=np.int64)
    place[vocabulary[vocabulary >= 0]] = np.flatnonzero(vocabulary >= 0)
    item = place[product]
    by_week = np.bincount(week * (len(vocabulary) + 1) + item, orders, minlength=count * (len(vocabulary) + 1)).reshape(
        count, -1
    )[:, :-1]
    total = np.cumsum(by_week, axis=0)
    total[POPULARITY_WEEKS:] -= total[:-POPULARITY_WEEKS].copy()
    popularity = np.log(total + 0.5).astype(np.float32)
    return Weeks(
        customer, week, product, item, orders.astype(np.float64), count, len(vocabulary), past.shape, popularity
    )


@dataclass(frozen=True)
class Examples:
    """What a network reads of customers at the end of weeks.

    Attributes:
        size: number of examples.
        step: int64, one per product of a week in the window: example x WINDOW + step; the last step is the newest week.
        item: int64, one per product of a week in the window: place in the vocabulary, its length for others.
        candidate_example: int64, one per product that the customer of the example has bought.
        candidate_product: int64, its code; ascending within an example.
        candidate_item: int64, its place in the vocabulary.
        candidate_features: float32, candidates x len(HALF_LIVES_DAYS): logarithm of the customer's decayed orders with it.
        week: int64, one per example.
    """

    size: int
    step: np.ndarray
    item: np.ndarray
    candidate_example: np.ndarray
    candidate_product: np.ndarray
    candidate_item: np.ndarray
    candidate_features: np.ndarray
    week: np.ndarray


@dataclass(frozen=True)
class Targets:
    """What the customers of the examples bought afterwards: each example's targets weigh 1 together.

    Attributes:
        candidate: int64, places in the examples' candidates: products bought before.
        candidate_weight: float32.
        cell: int64, example x items + item: products of the vocabulary not bought before.
        cell_weight: float32.
    """

    candidate: np.ndarray
    candidate_weight: np.ndarray
    cell: np.ndarray
    cell_weight: np.ndarray


def examples_at(weeks: Weeks, customer: np.ndarray, week: np.ndarray) -> Examples:
    """Return the examples of customers (codes) at the end of weeks, one of each per example."""
    example, line = weeks.lines(customer, np.zeros_like(week), week + 1)
    age = week[example] - weeks.week[line]
    in_window = age < WINDOW
    step = example * WINDOW + WINDOW - 1 - age
    products = weeks.shape[1]
    key, first, candidate = np.unique(example * products + weeks.product[line], return_index=True, return_inverse=True)
    # A purchase of the newest week is half a week old on average.
    decayed = [
        np.bincount(candidate, weeks.orders[line] * np.exp2(-(7 * age + 3.5) / half_life), minlength=len(key))
        for half_life in HALF_LIVES_DAYS
    ]
    return Examples(
        size=len(customer),
        step=step[in_window],
        item=weeks.item[line[in_window]],
        candidate_example=key // products,
        candidate_product=key % products,
        candidate_item=weeks.item[line[first]],
        candidate_features=np.log(np.column_stack(decayed) + LEAST_ORDERS).astype(np.float32),
        week=week,
    )


def targets_of(weeks: Weeks, customer: np.ndarray, week: np.ndarray, examples: Examples) -> Targets:
    """Return what was bought in the TARGET_WEEKS after each example's week; what is neither known nor common is left out."""
    example, line = weeks.lines(customer, week + 1, week + 1 + TARGET_WEEKS)
    products = weeks.shape[1]
    wanted, first = np.unique(example * products + weeks.product[line], return_index=True)
    item = weeks.item[line[first]]
    known = examples.candidate_example * products + examples.candidate_product
    place = np.minimum(np.searchsorted(known, wanted), max(len(known) - 1, 0))
    is_repeat = known[place] == wanted if len(known) else np.zeros(len(wanted), dtype=bool)
    is_new = ~is_repeat & (item < weeks.items)
    of_example = wanted // products
    counts = np.bincount(of_example[is_repeat | is_new], minlength=examples.size)
    weight = (1 / np.maximum(counts, 1)).astype(np.float32)[of_example]
    return Targets(place[is_repeat], weight[is_repeat], (of_example * weeks.items + item)[is_new], weight[is_new])
