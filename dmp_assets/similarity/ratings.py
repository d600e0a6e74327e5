"""Ratings: from purchases to a number per customer and product, and from that frame to a sparse matrix.

Purchases are implicit ratings: how often a customer came back for a product is the nearest thing to an opinion in a
receipt. Three quarters of the pairs are bought once and a few hundred times, so the count is taken on a log scale.
Explicit ratings need no transform: any frame of customer_id, product_id, rating goes straight into `rating_matrix`. The platform
takes them from events named `Product Reviewed` with a property `rating` (`inputs.RATINGS`) and serves measures of their own.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse


@dataclass(frozen=True)
class RatingMatrix:
    """A sparse rating matrix and what its rows and columns stand for.

    Attributes:
        ratings: float64 CSR, shape (users, items), one stored entry per rating.
        users: ids of the rows, ascending.
        items: ids of the columns, ascending.
    """

    ratings: sparse.csr_array
    users: np.ndarray
    items: np.ndarray


def ratings_from_orders(order_lines: pd.DataFrame) -> pd.DataFrame:
    """Count the orders in which each customer bought each product and rate them with `ratings_from_counts`.

    Orders are counted instead of units or money, because a rating should not rise with the size of a pack or its price.

    Args:
        order_lines: columns customer_id, product_id, order_id, quantity. Lines with quantity 0 or less are not
            purchases. Select the lines known before the as-of date first, of recommendable products, without coupon lines.

    Returns:
        customer_id, product_id, order_count, rating, sorted by both ids.

    Raises:
        ValueError: if a column is missing.
    """
    _require_columns(order_lines, ["customer_id", "product_id", "order_id", "quantity"])
    bought = order_lines.loc[order_lines["quantity"] > 0, ["customer_id", "product_id", "order_id"]]
    orders = bought.drop_duplicates().groupby(["customer_id", "product_id"], observed=True).size()
    return ratings_from_counts(orders.rename("order_count").reset_index())


def ratings_from_counts(purchase_counts: pd.DataFrame) -> pd.DataFrame:
    """Return one implicit rating per customer and product: ln(1 + number of orders in which the customer bought it).

    Args:
        purchase_counts: customer_id, product_id, order_count (1 or more); one row per pair.

    Returns:
        customer_id, product_id, order_count, rating (float64, ln 2 for a single order), in the order of the input.

    Raises:
        ValueError: if a column is missing or a count is below 1.
    """
    _require_columns(purchase_counts, ["customer_id", "product_id", "order_count"])
    too_few = int((~(purchase_counts["order_count"] >= 1)).sum())
    if too_few:
        raise ValueError(f"{too_few} rows have an order_count below 1; leave out what was not bought")
    rating = np.log1p(purchase_counts["order_count"].astype("float64"))
    return purchase_counts[["customer_id", "product_id", "order_count"]].assign(rating=rating)


def rating_matrix(
    ratings: pd.DataFrame, user: str = "customer_id", item: str = "product_id", rating: str = "rating"
) -> RatingMatrix:
    """Return the ratings as a sparse matrix, the same for any order of the rows.

    Args:
        ratings: one row per user and item, with the three columns named by the other arguments.
        user: column of user ids; they become the rows, in ascending order.
        item: column of item ids; they become the columns, in ascending order.
        rating: column of numbers on any scale, negative ones and 0 included.

    Raises:
        ValueError: if a column or an id is missing, a rating is not a finite number, or a user rated an item twice.
    """
    _require_columns(ratings, [user, item, rating])
    if ratings[[user, item]].isna().any(axis=None):
        raise ValueError(
            f"ratings without {user} or {item}: {int(ratings[[user, item]].isna().any(axis=1).sum())} rows"
        )
    values = ratings[rating].to_numpy(dtype=np.float64, na_value=np.nan)
    if not np.isfinite(values).all():
        raise ValueError(
            f"{int((~np.isfinite(values)).sum())} rows have no finite {rating}; leave out what is not rated"
        )
    rows, users = pd.factorize(ratings[user], sort=True)
    columns, items = pd.factorize(ratings[item], sort=True)
    matrix = sparse.csr_array((values, (rows, columns)), shape=(len(users), len(items)))
    if matrix.nnz < len(ratings):
        raise ValueError(
            f"{len(ratings) - matrix.nnz} rows repeat a pair of {user} and {item}; keep one rating per pair"
        )
    return RatingMatrix(matrix, np.asarray(users), np.asarray(items))


def _require_columns(frame: pd.DataFrame, columns: list[str]) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ValueError(f"the frame lacks {', '.join(missing)}; it has {', '.join(map(str, frame.columns))}")
