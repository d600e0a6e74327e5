import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, r2_score, roc_auc_score

from dmp_assets.forecasts.customers.metrics import amount_metrics, probability_metrics, reliability


def uniform(count: int) -> np.ndarray:
    return np.full((1, count), 1 / count)


@given(
    st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=2).filter(
        lambda rows: len({y for _, y in rows}) == 2
    )
)
def test_metrics_of_probabilities_are_those_of_scikit_learn_also_with_ties(rows):
    prediction, outcome = np.array([p / 10 for p, _ in rows]), np.array([y for _, y in rows])
    found = {name: value[0] for name, value in probability_metrics(prediction, outcome, uniform(len(rows))).items()}
    assert found["roc_auc"] == pytest.approx(roc_auc_score(outcome, prediction))
    assert found["pr_auc"] == pytest.approx(average_precision_score(outcome, prediction))
    assert found["log_loss"] == pytest.approx(log_loss(outcome, prediction))
    assert found["brier"] == pytest.approx(brier_score_loss(outcome, prediction))


def test_a_weight_counts_like_a_customer_that_is_there_again():
    prediction, outcome = np.array([0.1, 0.4, 0.4, 0.8]), np.array([False, True, False, True])
    draw = np.array([2, 1, 0, 3])
    weighted = probability_metrics(prediction, outcome, (draw / draw.sum())[None])
    repeated = probability_metrics(np.repeat(prediction, draw), np.repeat(outcome, draw), uniform(6))
    for name, value in repeated.items():
        assert weighted[name] == pytest.approx(value), name


def test_the_calibration_error_by_hand():
    # Bin 0.2 to 0.3: mean 0.25 foreseen, half happened; bin 0.9 to 1: 1 foreseen and happened.
    found = probability_metrics(np.array([0.22, 0.28, 1.0]), np.array([True, False, True]), uniform(3))
    assert found["calibration_error"][0] == pytest.approx(2 / 3 * 0.25)


def test_one_outcome_only_leaves_rankings_undefined_and_nothing_else():
    found = probability_metrics(np.array([0.2, 0.7]), np.array([False, False]), uniform(2))
    assert {name for name, value in found.items() if np.isnan(value[0])} == {"roc_auc", "pr_auc"}


def test_metrics_of_amounts_by_hand():
    outcome, prediction = np.array([0.0, 10.0, 50.0]), np.array([5.0, 10.0, 30.0])
    found = amount_metrics(prediction, outcome, uniform(3))
    assert found["mae"][0] == pytest.approx(25 / 3)
    assert found["bias"][0] == pytest.approx(-5)
    assert found["r2"][0] == pytest.approx(r2_score(outcome, prediction))
    assert np.isnan(amount_metrics(prediction, np.full(3, 7.0), uniform(3))["r2"][0])


def test_the_reliability_curve_holds_every_customer_once():
    curve = reliability(np.array([0.0, 0.05, 0.55, 1.0]), np.array([0.0, 1.0, 1.0, 1.0]))
    assert curve["share"].tolist() == [0.5, 1.0, 1.0]
    assert curve["mean_prediction"].tolist() == pytest.approx([0.025, 0.55, 1.0])
    assert curve["customers"].sum() == 4
