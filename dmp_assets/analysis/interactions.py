"""Purchases as arrays of codes: what recommendations and interests are computed from.

One code space for the whole frame, so that a score matrix computed before a cutoff and the truth after it have the same
rows and columns. What was taken back is a purchase until the day it was: a model that is tested at a cutoff must not be told by
the history that something will be returned after it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

COLUMNS = ["customer_id", "product_id", "order_id", "ordered_on"]

NEVER = np.iinfo(np.int64).max
"""The day on which what is kept is returned."""


@dataclass(frozen=True)
class Interactions:
    """Lines of orders, one per order and product, sorted by customer, day, order and product.

    Attributes:
        customers: ids of the customers, ascending; `customer` holds positions in it.
        products: ids of the products, ascending; `product` holds positions in it.
        customer: int64, one per line.
        product: int64, one per line.
        order: int64, one per line.
        store: int64, one per line; 0 throughout where stores are not known.
        day: int64, days since 1970-01-01, one per line.
        returned: int64, the day on which the last of the line was taken back, one per line; NEVER of what was kept.
    """

    customers: np.ndarray
    products: np.ndarray
    customer: np.ndarray
    product: np.ndarray
    order: np.ndarray
    store: np.ndarray
    day: np.ndarray
    returned: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """Customers and products."""
        return len(self.customers), len(self.products)

    def between(self, first_day: int, end_day: int) -> Interactions:
        """Return the lines with first_day <= day < end_day, not wholly returned before end_day, in the same code space."""
        return self._where((self.day >= first_day) & (self.day < end_day) & (self.returned >= end_day))

    def before(self, end_day: int) -> Interactions:
        """Return what was known on a day: the lines with day < end_day, not wholly returned by then, in the same code space."""
        is_before = (self.day < end_day) & (self.returned >= end_day)
        if is_before.all():
            return self
        if end_day not in self._before:
            self._before[end_day] = self._where(is_before)
        return self._before[end_day]

    def by_pair(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the lines' positions by customer, product and day, and where in them each pair begins."""
        pair_of_line, columns, _ = self._pairs
        lines = np.argsort(pair_of_line, kind="stable")
        return lines, np.searchsorted(pair_of_line[lines], np.arange(len(columns)))

    def order_counts(self) -> sparse.csr_array:
        """Return in how many orders each customer bought each product: float64 CSR, customers x products."""
        return self.sum_by_pair(np.ones(len(self.day)))

    def sum_by_pair(self, weights: np.ndarray) -> sparse.csr_array:
        """Return the weights (one per line) summed by customer and product: float64 CSR, customers x products."""
        pair_of_line, columns, indptr = self._pairs
        return sparse.csr_array(
            (np.bincount(pair_of_line, weights, minlength=len(columns)), columns, indptr), shape=self.shape
        )

    @cached_property
    def _before(self) -> dict[int, Interactions]:
        """What was asked of `before`, by its day: every strategy asks for the same few days."""
        return {}

    @cached_property
    def _pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The pair of customer and product of each line, counted in CSR order; the pairs' columns; the rows' bounds."""
        pairs, pair_of_line = np.unique(self.customer * self.shape[1] + self.product, return_inverse=True)
        rows, columns = np.divmod(pairs, max(self.shape[1], 1))
        return pair_of_line, columns, np.searchsorted(rows, np.arange(self.shape[0] + 1))

    def _where(self, mask: np.ndarray) -> Interactions:
        lines = {
            name: getattr(self, name)[mask] for name in ("customer", "product", "order", "store", "day", "returned")
        }
        return replace(self, **lines)


def day_number(on: date) -> int:
    """Return the date as days since 1970-01-01."""
    return int(np.datetime64(on, "D").astype(np.int64))


def encode(frame: pd.DataFrame) -> Interactions:
    """Return the purchases as arrays, the same for any order of the rows.

    Args:
        frame: customer_id, product_id, order_id, ordered_on (date) and, if known, store_id and returned_on (date; missing of
            what was kept). Every row is a purchase: leave out coupon lines and returns first. Repeated lines of an order and
            product count once, until the last of them is returned.

    Raises:
        ValueError: if there are no rows, a column is missing, or a value is missing in one.
    """
    missing = [column for column in COLUMNS if column not in frame.columns]
    if missing:
        raise ValueError(f"the purchases lack {', '.join(missing)}; they have {', '.join(map(str, frame.columns))}")
    if frame.empty:
        raise ValueError("there are no purchases to learn from")
    known = [*COLUMNS, *(["store_id"] if "store_id" in frame.columns else [])]
    incomplete = int(frame[known].isna().any(axis=1).sum())
    if incomplete:
        raise ValueError(f"{incomplete} purchases lack one of {', '.join(known)}")

    customer, customers = pd.factorize(frame["customer_id"], sort=True)
    product, products = pd.factorize(frame["product_id"], sort=True)
    order, _ = pd.factorize(frame["order_id"], sort=True)
    day = pd.to_datetime(frame["ordered_on"]).to_numpy().astype("datetime64[D]").astype(np.int64)
    store = pd.factorize(frame["store_id"], sort=True)[0] if "store_id" in known else np.zeros(len(frame), np.int64)
    returned = np.full(len(frame), NEVER)
    if "returned_on" in frame.columns:
        returned_on = pd.to_datetime(frame["returned_on"]).to_numpy().astype("datetime64[D]")
        returned = np.where(np.isnat(returned_on), NEVER, returned_on.astype(np.int64))

    by_line = np.lexsort((-returned, product, order, day, customer))
    lines = [values[by_line].astype(np.int64) for values in (customer, product, order, store, day, returned)]
    is_first = np.ones(len(frame), dtype=bool)
    is_first[1:] = (np.diff(lines[2]) != 0) | (np.diff(lines[1]) != 0)
    return Interactions(np.asarray(customers), np.asarray(products), *(values[is_first] for values in lines))
