"""Every untrained strategy: worked examples, and what they have in common."""

import tracemalloc
from datetime import date

import numpy as np
import pandas as pd
import pytest

from dmp_assets.analysis.interactions import day_number, encode
from dmp_assets.recommendations.frequency import decayed_frequency, personal_frequency
from dmp_assets.recommendations.neighbours import item_knn, user_knn
from dmp_assets.recommendations.popularity import popularity
from dmp_assets.recommendations.product_groups import product_groups
from dmp_assets.recommendations.strategies import STRATEGIES
from dmp_assets.recommendations.tifu_knn import customer_vectors, tifu_knn
from dmp_assets.recommendations.up_cf import up_cf

DAY_0 = day_number(date(2017, 1, 1))


def test_popularity_counts_orders_of_the_last_28_days(interactions_of):
    history = interactions_of(("a", "o1", 0, "x"), ("a", "o2", 30, "y"), ("b", "o3", 31, "y z"), ("b", "o4", 90, "x"))
    assert popularity(history, DAY_0 + 32).toarray().tolist() == [[0, 2, 1], [0, 2, 1]]


def test_frequency_counts_orders_and_decay_halves_them(interactions_of):
    history = interactions_of(("a", "o1", 0, "x"), ("a", "o2", 10, "x y"), ("a", "o3", 20, "y"))
    assert personal_frequency(history, DAY_0 + 20).toarray().tolist() == [[2, 1]]
    assert decayed_frequency(history, DAY_0 + 20, 10).toarray() == pytest.approx(np.array([[0.75, 0.5]]))
    with pytest.raises(ValueError, match="above 0"):
        decayed_frequency(history, DAY_0, 0)


def test_item_knn_sums_the_cosines_of_what_was_bought(interactions_of):
    history = interactions_of(("a", "o1", 0, "x y"), ("b", "o2", 0, "x y z"), ("c", "o3", 0, "x"))
    scores = item_knn(history, DAY_0 + 1, min_customers=1).toarray()
    assert scores[2] == pytest.approx([0, 2 / np.sqrt(6), 1 / np.sqrt(3)])


def test_user_knn_knows_recent_days_only(interactions_of):
    history = interactions_of(
        ("a", "o1", 0, "x w"), ("b", "o2", 0, "x w old"), ("a", "o3", 90, "x"), ("b", "o4", 90, "x new")
    )
    scores = user_knn(history, DAY_0 + 100).toarray()[0]
    by_product = dict(zip(history.products, scores, strict=True))
    assert by_product == pytest.approx({"new": 1 / np.sqrt(2), "old": 0, "w": 0, "x": 1 / np.sqrt(2)})


def test_tifu_vectors_follow_the_paper(interactions_of):
    # Three orders in two groups: the older holds one order, the newer two.
    history = interactions_of(("a", "o1", 0, "x"), ("a", "o2", 1, "x"), ("a", "o3", 2, "y"))
    vectors = customer_vectors(history, groups=2, basket_decay=0.9, group_decay=0.7).toarray()
    assert vectors == pytest.approx(np.array([[(0.7 + 0.9 / 2) / 2, 1 / 2 / 2]]))


def test_tifu_mixes_own_and_neighbours_vectors(interactions_of):
    history = interactions_of(("a", "o1", 0, "x"), ("b", "o2", 0, "x y"))
    assert tifu_knn(history, DAY_0 + 1).toarray() == pytest.approx(np.array([[1, 0.3], [1, 0.7]]))


def test_up_cf_weighs_shares_of_recent_orders_by_similarity(interactions_of):
    history = interactions_of(("a", "o1", 0, "x"), ("b", "o2", 0, "x y"), ("b", "o3", 1, "y"))
    # Similarity of a to b: 1 / (1^.75 2^.25), of b to a: 1 / (2^.75 1^.25); both to the power 10.
    to_b, to_a = 2**-2.5, 2**-7.5
    scores = up_cf(history, DAY_0 + 2).toarray()
    assert scores == pytest.approx(np.array([[1 + 0.5 * to_b, to_b], [0.5 + to_a, 1]]))


def test_up_cf_compares_block_by_block_and_never_holds_all_pairs_of_customers(shop, monkeypatch):
    history, day = encode(shop), DAY_0 + 181
    whole = up_cf(history, day)
    monkeypatch.setattr("dmp_assets.recommendations.up_cf.BLOCK_PRODUCTS", 1)
    np.testing.assert_array_equal(up_cf(history, day).toarray(), whole.toarray())
    monkeypatch.undo()

    customers, products = 6_000, 2_000
    rows = np.arange(3 * customers)
    bought = np.random.default_rng(0).integers(0, products, len(rows))
    many = encode(
        pd.DataFrame(
            {"customer_id": rows // 3, "product_id": bought, "order_id": rows // 3, "ordered_on": date(2017, 1, 1)}
        )
    )
    tracemalloc.start()
    up_cf(many, DAY_0 + 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * customers**2 / 2  # of one array of all pairs


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_future_and_the_row_order_change_nothing(shop, products, name):
    cutoff = day_number(date(2017, 5, 1))
    history = encode(shop)
    groups = product_groups(history, products)
    shuffled = encode(shop.sample(frac=1, random_state=1))
    scores = STRATEGIES[name](history, groups, cutoff, 1)
    without_future = STRATEGIES[name](history.before(cutoff), groups, cutoff, 2)
    assert scores.shape == history.shape
    assert np.isfinite(scores.data).all()
    for other in (without_future, STRATEGIES[name](shuffled, groups, cutoff, 1)):
        np.testing.assert_array_equal(scores.toarray(), other.toarray())


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("case", ["one customer", "one product", "no history"])
def test_nothing_to_learn_from_gives_finite_scores(shop, products, name, case):
    poor = shop[shop["customer_id"] == "c00"] if case == "one customer" else shop
    poor = poor[poor["product_id"] == poor["product_id"].iloc[0]] if case == "one product" else poor
    day = DAY_0 if case == "no history" else DAY_0 + 181
    history = encode(poor)
    scores = STRATEGIES[name](history, product_groups(history, products), day, 1)
    assert scores.shape == history.shape
    assert np.isfinite(scores.data).all()
    assert scores.nnz > 0 or case == "no history"
