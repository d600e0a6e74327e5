"""From order lines to ratings to a sparse matrix."""

import numpy as np
import pandas as pd
import pytest

from dmp_assets.similarity.ratings import rating_matrix, ratings_from_counts, ratings_from_orders

LINES = pd.DataFrame(
    {
        "customer_id": ["cj:2", "cj:1", "cj:1", "cj:1", "cj:1", "cj:2"],
        "product_id": ["cj:milk", "cj:milk", "cj:milk", "cj:milk", "cj:bread", "cj:bread"],
        "order_id": ["o3", "o1", "o2", "o2", "o2", "o3"],
        "quantity": [1, 4, 1, 2, 1, 0],
    }
)


def test_rating_is_the_log_of_one_plus_the_number_of_orders() -> None:
    ratings = ratings_from_orders(LINES)
    assert list(zip(ratings["customer_id"], ratings["product_id"], strict=True)) == [
        ("cj:1", "cj:bread"),
        ("cj:1", "cj:milk"),
        ("cj:2", "cj:milk"),
    ]
    assert ratings["rating"].tolist() == pytest.approx(np.log([2, 3, 2]))


def test_counts_made_elsewhere_give_the_same_ratings() -> None:
    counts = pd.DataFrame({"customer_id": ["cj:1", "cj:1", "cj:2"], "product_id": ["cj:bread", "cj:milk", "cj:milk"]})
    ratings = ratings_from_counts(counts.assign(order_count=[1, 2, 1]))
    pd.testing.assert_frame_equal(ratings, ratings_from_orders(LINES))
    with pytest.raises(ValueError, match="1 rows have an order_count below 1"):
        ratings_from_counts(counts.assign(order_count=[1, 2, 0]))


def test_no_lines_give_no_ratings() -> None:
    ratings = ratings_from_orders(LINES.iloc[:0])
    assert list(ratings.columns) == ["customer_id", "product_id", "order_count", "rating"]
    assert ratings.empty
    assert rating_matrix(ratings).ratings.shape == (0, 0)


def test_matrix_is_the_same_for_any_row_order() -> None:
    ratings = ratings_from_orders(LINES)
    one, other = rating_matrix(ratings), rating_matrix(ratings.iloc[::-1])
    assert one.users.tolist() == other.users.tolist() == ["cj:1", "cj:2"]
    assert one.items.tolist() == other.items.tolist() == ["cj:bread", "cj:milk"]
    np.testing.assert_array_equal(one.ratings.toarray(), other.ratings.toarray())


def test_explicit_ratings_pass_straight_through_under_any_column_names() -> None:
    frame = pd.DataFrame({"reader": [7, 7, 3], "book": ["x", "y", "x"], "stars": [5, 0, -1]})
    matrix = rating_matrix(frame, user="reader", item="book", rating="stars")
    assert matrix.users.tolist() == [3, 7]
    assert matrix.ratings.nnz == 3, "a rating of 0 is a rating"
    assert matrix.ratings.toarray().tolist() == [[-1, 0], [5, 0]]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a", "x", 1.0), ("a", "x", 2.0)], "1 rows repeat a pair of customer_id and product_id"),
        ([("a", "x", np.nan)], "1 rows have no finite rating"),
        ([("a", None, 1.0)], "ratings without customer_id or product_id: 1 rows"),
    ],
)
def test_ratings_that_cannot_be_used_are_refused(rows: list[tuple], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rating_matrix(pd.DataFrame(rows).set_axis(["customer_id", "product_id", "rating"], axis="columns"))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ValueError, match="lacks rating; it has customer_id, product_id"):
        rating_matrix(pd.DataFrame({"customer_id": [], "product_id": []}))
    with pytest.raises(ValueError, match="lacks order_id"):
        ratings_from_orders(LINES.drop(columns="order_id"))
