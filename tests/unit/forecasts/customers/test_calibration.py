import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from dmp_assets.forecasts.customers.calibration import best_threshold, gains, reliability

ROWS = st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=1).filter(lambda rows: any(y for _, y in rows))


def test_the_reliability_curve_holds_every_customer_once():
    curve = reliability(np.array([0.0, 0.05, 0.55, 1.0]), np.array([False, True, True, True]))
    assert curve["bin"].tolist() == [0, 5, 9]
    assert curve["share"].tolist() == [0.5, 1.0, 1.0]
    assert curve["mean_prediction"].tolist() == pytest.approx([0.025, 0.55, 1.0])
    assert curve["examples"].sum() == 4


@settings(max_examples=30)
@given(ROWS)
def test_no_other_threshold_has_a_larger_f1(rows):
    prediction, outcome = np.array([p / 10 for p, _ in rows]), np.array([y for _, y in rows])
    chosen = best_threshold(prediction, outcome)
    best = max(f1_score(outcome, prediction >= threshold) for threshold in np.unique(prediction))
    assert f1_score(outcome, prediction >= chosen) == pytest.approx(best)


def test_where_nothing_happened_there_is_no_threshold_and_no_gain():
    prediction, outcome = np.array([0.2, 0.7]), np.array([False, False])
    assert best_threshold(prediction, outcome) is None
    assert gains(prediction, outcome).empty


def test_gain_and_lift_by_hand():
    prediction, outcome = np.arange(10)[::-1] / 10, np.array([1, 1, 0, 1, 0, 0, 0, 0, 1, 0], dtype=bool)
    curve = gains(prediction, outcome)
    assert curve["gain"].tolist() == pytest.approx([0.25, 0.5, 0.5, 0.75, 0.75, 0.75, 0.75, 0.75, 1, 1])
    assert curve["lift"].iloc[0] == pytest.approx(2.5)


@given(ROWS)
def test_the_gain_never_falls_ends_at_all_and_does_not_depend_on_the_order_of_equals(rows):
    prediction, outcome = np.array([p / 10 for p, _ in rows]), np.array([y for _, y in rows])
    curve = gains(prediction, outcome)
    assert curve["gain"].is_monotonic_increasing
    assert curve["gain"].iloc[-1] == pytest.approx(1)
    assert gains(prediction[::-1], outcome[::-1])["gain"].tolist() == pytest.approx(curve["gain"].tolist())


def test_customers_who_all_look_the_same_gain_nothing_over_chance():
    assert gains(np.full(7, 0.3), np.arange(7.0))["lift"].tolist() == pytest.approx([1] * 10)


def test_who_sent_back_more_than_they_bought_holds_nothing():
    found = gains(np.array([3.0, 2.0, 1.0, 0.5]), np.array([-10.0, 6.0, 4.0, 0.0]))
    assert found["gain"].between(0, 1).all()
    assert found["gain"].iloc[-1] == 1
