from datetime import date

import numpy as np
import pandas as pd
import pytest

from dmp_assets.analysis.interactions import NEVER, day_number, encode


def test_a_line_of_an_order_and_product_counts_once_in_any_row_order(purchases_of):
    frame = purchases_of(("b", "o1", 3, "y x"), ("a", "o2", 1, "x"), ("b", "o1", 3, "y"))
    one, other = encode(frame), encode(frame.iloc[::-1])
    assert one.customers.tolist() == ["a", "b"]
    assert one.order_counts().toarray().tolist() == [[1, 0], [1, 1]]
    for name in ("customer", "product", "order", "store", "day", "returned"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_a_period_holds_its_first_day_and_not_its_end(interactions_of):
    history = interactions_of(("a", "o1", 0, "x"), ("a", "o2", 1, "x"), ("a", "o3", 2, "x"))
    first = day_number(date(2017, 1, 1))
    assert (history.between(first, first + 2).day - first).tolist() == [0, 1]
    assert (history.before(first + 1).day - first).tolist() == [0]
    assert history.before(first).shape == history.shape


def test_what_is_returned_later_was_a_purchase_until_then(purchases_of):
    frame = purchases_of(("a", "o1", 3, "x y"), ("b", "o2", 4, "x"))
    frame["returned_on"] = [date(2017, 1, 9), None, None]
    history, kept = encode(frame), encode(frame.drop(columns="returned_on"))
    returned = day_number(date(2017, 1, 9))
    assert history.returned.tolist() == [returned, NEVER, NEVER]
    np.testing.assert_array_equal(history.before(returned).order, kept.before(returned).order)
    assert history.before(returned + 1).order_counts().toarray().tolist() == [[0, 1], [1, 0]]
    assert history.between(returned - 7, returned).order_counts().sum() == 3
    assert history.between(returned - 7, returned + 1).order_counts().sum() == 2


def test_a_product_of_an_order_is_kept_until_the_last_of_its_lines_is_returned(purchases_of):
    frame = purchases_of(("a", "o1", 3, "x x"))
    one_line = frame.assign(returned_on=[date(2017, 1, 9), None])
    both_lines = frame.assign(returned_on=[date(2017, 1, 9), date(2017, 1, 6)])
    assert encode(one_line).returned.tolist() == [NEVER]
    assert encode(both_lines).returned.tolist() == [day_number(date(2017, 1, 9))]


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda frame: frame.iloc[:0], "no purchases"),
        (lambda frame: frame.drop(columns="order_id"), "lack order_id"),
        (lambda frame: frame.assign(product_id=None), "1 purchases lack"),
    ],
)
def test_unusable_purchases_are_refused(purchases_of, mistake, message):
    with pytest.raises(ValueError, match=message):
        encode(mistake(purchases_of(("a", "o1", 0, "x"))))


def test_dates_may_come_as_timestamps(purchases_of):
    frame = purchases_of(("a", "o1", 5, "x"))
    stamped = frame.assign(ordered_on=pd.to_datetime(frame["ordered_on"]).astype("datetime64[us]"))
    assert encode(frame).day.tolist() == encode(stamped).day.tolist()
