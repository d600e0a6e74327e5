"""Orders as weekly sequences: what a network reads and what it is asked to foresee."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.analysis.interactions import Interactions
from dmp_assets.recommendations.sequences.weeks import (
    HALF_LIVES_DAYS,
    LEAST_ORDERS,
    WINDOW,
    common_products,
    encode_weeks,
    examples_at,
    targets_of,
)

FIRST = 17167
"""1 January 2017, days since 1970-01-01."""


@pytest.fixture
def history(interactions_of) -> Interactions:
    """Five whole weeks from day 0 on; c2 comes in the last one only."""
    return interactions_of(
        ("c1", "o1", 0, "milk bread"),
        ("c1", "o2", 3, "milk"),
        ("c1", "o3", 13, "eggs"),
        ("c1", "o4", 34, "milk saffron"),
        ("c2", "o5", 29, "milk bread"),
    )


def codes(history: Interactions, *names: str) -> np.ndarray:
    return np.searchsorted(history.products.astype(str), names)


def test_a_week_is_counted_back_from_the_cutoff_and_holds_each_product_once(history):
    weeks = encode_weeks(history, FIRST + 35, np.arange(4))
    assert weeks.count == 5
    found = list(zip(weeks.customer, weeks.week, history.products[weeks.product], weeks.orders, strict=True))
    assert found == [
        (0, 0, "bread", 1),
        (0, 0, "milk", 2),
        (0, 1, "eggs", 1),
        (0, 4, "milk", 1),
        (0, 4, "saffron", 1),
        (1, 4, "bread", 1),
        (1, 4, "milk", 1),
    ]


def test_the_newest_week_is_whole_and_the_oldest_takes_what_is_left(history):
    weeks = encode_weeks(history, FIRST + 36, np.arange(4))
    assert weeks.count == 6
    assert weeks.week.min() == 0
    assert weeks.week.max() == 5


def test_nothing_from_the_cutoff_on_is_read(history, interactions_of):
    weeks = encode_weeks(history, FIRST + 20, np.arange(4))
    assert set(history.products[weeks.product]) == {"milk", "bread", "eggs"}
    with pytest.raises(ValueError, match="nothing was bought before the cutoff"):
        encode_weeks(history, FIRST, np.arange(4))


def test_products_outside_the_vocabulary_share_the_last_place(history):
    vocabulary = common_products(history, 2)
    assert list(history.products[vocabulary]) == ["bread", "milk"]
    assert list(common_products(history, 20)) == list(vocabulary)
    weeks = encode_weeks(history, FIRST + 35, vocabulary)
    assert weeks.items == 2
    assert set(weeks.item[np.isin(history.products[weeks.product].astype(str), ["eggs", "saffron"])]) == {2}


def test_a_product_of_the_vocabulary_that_is_not_among_the_purchases_keeps_its_place(history):
    weeks = encode_weeks(history, FIRST + 35, np.array([-1, *codes(history, "milk")]))
    assert weeks.items == 2
    assert set(weeks.item) == {1, 2}


def test_an_example_reads_the_window_and_every_purchase_before(history):
    weeks = encode_weeks(history, FIRST + 35, np.arange(4))
    examples = examples_at(weeks, np.array([0]), np.array([1]))
    assert list(history.products[examples.candidate_product]) == ["bread", "eggs", "milk"]
    milk = examples.candidate_features[2]
    expected = np.log([2 * 2 ** (-10.5 / half_life) + LEAST_ORDERS for half_life in HALF_LIVES_DAYS])
    np.testing.assert_allclose(milk, expected, rtol=1e-6)
    assert sorted(zip(examples.step - WINDOW, history.products[examples.item], strict=True)) == [
        (-2, "bread"),
        (-2, "milk"),
        (-1, "eggs"),
    ]


def test_targets_are_repeats_or_common_new_products_and_weigh_one_together(history):
    vocabulary = codes(history, "bread", "milk")
    weeks = encode_weeks(history, FIRST + 35, vocabulary)
    customer, week = np.array([0, 0]), np.array([0, 1])
    examples = examples_at(weeks, customer, week)
    targets = targets_of(weeks, customer, week, examples)
    # After week 0 milk comes again; eggs and saffron are new and not in the vocabulary.
    repeats = [
        (examples.candidate_example[place], history.products[examples.candidate_product[place]])
        for place in targets.candidate
    ]
    assert repeats == [(0, "milk"), (1, "milk")]
    np.testing.assert_allclose(targets.candidate_weight, 1)
    assert not len(targets.cell)


def test_a_new_product_is_a_cell_of_its_example(history):
    weeks = encode_weeks(history, FIRST + 35, np.arange(4))
    customer, week = np.array([0]), np.array([0])
    targets = targets_of(weeks, customer, week, examples_at(weeks, customer, week))
    assert list(history.products[targets.cell]) == ["eggs", "saffron"]
    np.testing.assert_allclose([*targets.cell_weight, *targets.candidate_weight], 1 / 3)


def test_a_customer_without_purchases_gives_an_empty_example(history):
    weeks = encode_weeks(history, FIRST + 35, np.arange(4))
    examples = examples_at(weeks, np.array([1]), np.array([2]))
    assert not len(examples.step)
    assert not len(examples.candidate_product)
    targets = targets_of(weeks, np.array([1]), np.array([2]), examples)
    assert len(targets.cell) == 2


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 69), st.integers(0, 5)), min_size=1, max_size=40, unique=True),
    st.integers(0, 9),
)
def test_what_comes_after_an_example_changes_nothing_that_it_reads(interactions_of, lines, week):
    orders = [(f"c{customer}", f"o{customer}-{day}-{product}", day, f"p{product}") for customer, day, product in lines]
    everyone = [
        (f"c{customer}", f"x{customer}", 0, " ".join(f"p{product}" for product in range(6))) for customer in range(4)
    ]
    whole = interactions_of(*everyone, *orders)
    end = FIRST + 70
    weeks = encode_weeks(whole, end, np.arange(6))
    cut = FIRST + 7 * (week + 1)
    known = encode_weeks(whole, cut, np.arange(6))
    customer = np.arange(4)
    late = examples_at(weeks, customer, np.full(4, weeks.count - 10 + week))
    early = examples_at(known, customer, np.full(4, known.count - 1))
    for name in ("step", "item", "candidate_example", "candidate_product", "candidate_features"):
        np.testing.assert_array_equal(getattr(late, name), getattr(early, name))
    np.testing.assert_array_equal(weeks.popularity[weeks.count - 10 + week], known.popularity[-1])
