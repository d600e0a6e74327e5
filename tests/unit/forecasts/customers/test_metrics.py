import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, r2_score, roc_auc_score

from dmp_assets.forecasts.customers.metrics import losses, metrics


def uniform(count: int) -> np.ndarray:
    return np.full((1, count), 1 / count)


@given(
    st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=2).filter(
        lambda rows: len({y for _, y in rows}) == 2
    )
)
def test_metrics_of_probabilities_are_those_of_scikit_learn_also_with_ties(rows):
    prediction, outcome = np.array([p / 10 for p, _ in rows]), np.array([y for _, y in rows])
    found = {name: value[0] for name, value in metrics("probability", prediction, outcome, uniform(len(rows))).items()}
    assert found["roc_auc"] == pytest.approx(roc_auc_score(outcome, prediction))
    assert found["pr_auc"] == pytest.approx(average_precision_score(outcome, prediction))
    assert found["log_loss"] == pytest.approx(log_loss(outcome, prediction))
    assert found["brier"] == pytest.approx(brier_score_loss(outcome, prediction))


def test_a_weight_counts_like_a_customer_that_is_there_again():
    prediction, outcome = np.array([0.1, 0.4, 0.4, 0.8]), np.array([False, True, False, True])
    draw = np.array([2, 1, 0, 3])
    weighted = metrics("probability", prediction, outcome, (draw / draw.sum())[None])
    repeated = metrics("probability", np.repeat(prediction, draw), np.repeat(outcome, draw), uniform(6))
    for name, value in repeated.items():
        assert weighted[name] == pytest.approx(value), name


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.integers(0, 50)), min_size=1).filter(
        lambda rows: any(drawn for *_, drawn in rows)
    )
)
def test_shares_stay_within_0_and_1_whatever_weights_add_up_to(rows):
    prediction, outcome, drawn = (np.array(column) for column in zip(*rows, strict=True))
    # Perfect and always wrong forecasts are at the bounds; a third of a weight cannot be stored exactly.
    weights = np.vstack([drawn / drawn.sum(), 3 * (drawn / 3 / drawn.sum())])
    for forecast in (prediction, outcome.astype(float), 1 - outcome.astype(float)):
        for kind, truth in (("probability", outcome), ("median", outcome.astype(float))):
            found = metrics(kind, forecast, truth, weights, threshold=0.5)
            for name in {"roc_auc", "pr_auc", "brier", "calibration_error", "recall", "f1", "share_below"} & set(found):
                known = found[name][~np.isnan(found[name])]
                assert ((known >= 0) & (known <= 1)).all(), name


def test_large_amounts_that_are_all_the_same_leave_r2_undefined():
    outcome = np.full(10, 1234567.89)
    found = metrics("mean", outcome + np.arange(10), outcome, uniform(10))
    assert np.isnan(found["r2"][0])


def test_the_calibration_error_by_hand():
    # Bin 0.2 to 0.3: mean 0.25 foreseen, half happened; bin 0.9 to 1: 1 foreseen and happened.
    found = metrics("probability", np.array([0.22, 0.28, 1.0]), np.array([True, False, True]), uniform(3))
    assert found["calibration_error"][0] == pytest.approx(2 / 3 * 0.25)


def test_one_outcome_only_leaves_rankings_undefined_and_nothing_else():
    found = metrics("probability", np.array([0.2, 0.7]), np.array([False, False]), uniform(2))
    assert {name for name, value in found.items() if np.isnan(value[0])} == {"roc_auc", "pr_auc"}


def test_metrics_of_amounts_by_hand():
    outcome, prediction = np.array([0.0, 10.0, 50.0]), np.array([5.0, 10.0, 30.0])
    found = metrics("mean", prediction, outcome, uniform(3))
    assert found["mae"][0] == pytest.approx(25 / 3)
    assert found["bias"][0] == pytest.approx(-5)
    assert found["r2"][0] == pytest.approx(r2_score(outcome, prediction))
    assert np.isnan(metrics("mean", prediction, np.full(3, 7.0), uniform(3))["r2"][0])


def test_precision_recall_and_f1_at_the_threshold_by_hand():
    prediction, outcome = np.array([0.9, 0.6, 0.6, 0.1]), np.array([True, False, True, True])
    found = metrics("probability", prediction, outcome, uniform(4), threshold=0.6)
    assert [found[name][0] for name in ("precision", "recall", "f1")] == pytest.approx([2 / 3, 2 / 3, 2 / 3])
    nothing = metrics("probability", prediction, outcome, uniform(4), threshold=0.95)
    assert np.isnan(nothing["precision"][0])
    assert nothing["recall"][0] == 0


def test_a_median_splits_the_outcomes_in_halves():
    found = metrics("median", np.full(4, 5.0), np.array([1.0, 4.0, 5.0, 90.0]), uniform(4))
    assert found["share_below"][0] == pytest.approx(0.625)
    assert found["mae"][0] == pytest.approx(22.5)


def test_the_loss_that_decides_is_smallest_at_what_the_target_promises():
    outcome = np.array([0.0, 0.0, 0.0, 0.0, 100.0])
    mean, median = np.full(5, 20.0), np.zeros(5)
    assert losses("mean", mean, outcome).mean() < losses("mean", median, outcome).mean()
    assert losses("median", median, outcome).mean() < losses("median", mean, outcome).mean()
