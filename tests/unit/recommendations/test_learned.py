from datetime import date

import numpy as np
import pandas as pd
import pytest

from dmp_assets.analysis.interactions import day_number, encode
from dmp_assets.recommendations.learned import KEYS, candidate_features, ranker_scores, train_ranker
from dmp_assets.recommendations.product_groups import product_groups
from dmp_assets.recommendations.repeat_features import purchase_cycles

DAY_0 = day_number(date(2017, 1, 1))
CUTOFF = DAY_0 + 150


def test_a_purchase_cycle_by_hand(interactions_of):
    history = interactions_of(
        ("a", "o1", 0, "x"), ("a", "o2", 7, "x y"), ("a", "o3", 10, "z"), ("a", "o4", 14, "x"), ("a", "o5", 20, "y")
    )
    cycles = purchase_cycles(history, DAY_0 + 24)
    x = cycles.iloc[0]
    assert x[["order_count", "last_days", "first_days", "orders_since_first", "orders_since_last"]].tolist() == [
        3,
        10,
        24,
        5,
        1,
    ]
    # Any product: gaps 7, 7 and 13, mean 9; x: (14 + 2 * 9) / (2 + 2) = 8 typical, (14 + 8) / (2 + 1) for this customer.
    assert x["gap_mean"] == pytest.approx(22 / 3)
    assert x["overdue"] == pytest.approx(10 / (22 / 3))
    # z was bought once, and by nobody again: the mean of any product.
    assert cycles.iloc[2]["gap_mean"] == pytest.approx(9)


@pytest.fixture(scope="module")
def history(shop):
    return encode(shop)


@pytest.fixture(scope="module")
def groups(history, products):
    return product_groups(history, products)


def test_features_know_nothing_of_the_future(history, groups):
    now = candidate_features(history, CUTOFF, groups)
    blind = candidate_features(history.before(CUTOFF), CUTOFF, groups)
    pd.testing.assert_frame_equal(now.repeat, blind.repeat)
    pd.testing.assert_frame_equal(now.novel, blind.novel)


def test_features_are_finite_and_repeat_and_novel_share_no_pair(history, groups):
    features = candidate_features(history, CUTOFF, groups)
    bought = history.before(CUTOFF).order_counts()
    for table, is_bought in ((features.repeat, True), (features.novel, False)):
        assert np.isfinite(table.to_numpy(dtype=float)).all()
        assert not table.duplicated(KEYS).any()
        assert ((bought.toarray()[table["customer"], table["product"]] > 0) == is_bought).all()


@pytest.fixture(scope="module")
def features(history, groups):
    return {day: candidate_features(history, day, groups) for day in (CUTOFF - 30, CUTOFF)}


@pytest.fixture(scope="module")
def ranker(history, features):
    return train_ranker(history, features, [CUTOFF - 30], 30, seed=1)


def test_a_ranker_is_the_same_again_and_scores_are_probabilities(history, features, ranker):
    again = train_ranker(history, features, [CUTOFF - 30], 30, seed=1, n_jobs=2)
    pd.testing.assert_frame_equal(again, ranker)
    one, other = (ranker_scores(table, features[CUTOFF], history.shape) for table in (ranker, again))
    assert ((one.data >= 0) & (one.data <= 1)).all()
    np.testing.assert_array_equal(one.toarray(), other.toarray())
    assert one.nnz == len(features[CUTOFF].repeat) + len(features[CUTOFF].novel)


def test_a_ranker_learns_only_from_purchases_within_its_horizon(history, groups, ranker):
    seen = history.before(CUTOFF)
    features = {CUTOFF - 30: candidate_features(seen, CUTOFF - 30, groups)}
    pd.testing.assert_frame_equal(train_ranker(seen, features, [CUTOFF - 30], 30, seed=1), ranker)


def test_a_ranker_needs_a_cutoff_to_learn_from(history, features):
    with pytest.raises(ValueError, match="at least one earlier cutoff"):
        train_ranker(history, features, [], 30, seed=1)


def test_a_ranker_of_other_features_is_refused(history, features, ranker):
    old = ranker.assign(features=ranker["features"].str.replace("order_count", "orders", regex=False))
    with pytest.raises(ValueError, match="repeat products was trained on other features"):
        ranker_scores(old, features[CUTOFF], history.shape)


def test_without_purchases_to_learn_from_all_candidates_are_equal(history, groups):
    days = [DAY_0 + 300, DAY_0 + 400]
    features = {day: candidate_features(history, day, groups) for day in days}
    nothing_learned = train_ranker(history, features, days[:1], 30, seed=1)
    assert nothing_learned["model"].isna().all()
    assert set(ranker_scores(nothing_learned, features[days[1]], history.shape).data) == {0.0}


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda products: products.drop(columns="product_type"), "lack product_type"),
        (lambda products: pd.concat([products, products]), "repeat a product_id"),
        (lambda products: products.iloc[1:], "1 products bought are not in the products, for example p00"),
    ],
)
def test_unusable_products_are_refused(history, products, mistake, message):
    with pytest.raises(ValueError, match=message):
        product_groups(history, mistake(products))
