import numpy as np
import pandas as pd
import pytest

from dmp_assets.analysis.drift import feature_bins
from dmp_assets.forecasts.customers import monitoring, schema
from dmp_assets.forecasts.customers.examples import AMOUNT, CHURN
from dmp_assets.forecasts.customers.frames import table

DAY = pd.Timestamp("2017-12-04").as_unit("us")


@pytest.fixture
def history() -> pd.DataFrame:
    """What was served on two days: the model is right about churn, its baseline about the amount."""
    rows = [
        {
            "customer_id": customer,
            "target": target,
            "as_of_on": day,
            "model": "boosting",
            "prediction": prediction,
            "baseline_model": "recency",
            "baseline_prediction": baseline,
            "known_on": day + pd.Timedelta(days=28),
        }
        for day in (DAY, DAY + pd.Timedelta(days=1))
        for target, customer, prediction, baseline in (
            (CHURN, "a", 0.9, 0.5),
            (CHURN, "b", 0.1, 0.5),
            (AMOUNT, "a", 30.0, 1.0),
            (AMOUNT, "b", 70.0, 99.0),
        )
    ]
    return table([pd.DataFrame(rows)], schema.PREDICTION_HISTORY)


@pytest.fixture
def outcomes() -> pd.DataFrame:
    """What became of the first day alone."""
    return pd.DataFrame(
        {
            "customer_id": ["a", "b", "a", "b"],
            "as_of_on": DAY,
            "target": [CHURN, CHURN, AMOUNT, AMOUNT],
            "outcome": [1.0, 0.0, 0.0, 100.0],
        }
    )


def test_the_day_whose_horizon_is_over_is_measured_beside_the_baseline(history, outcomes):
    found = monitoring.realised(history, outcomes)
    schema.PREDICTION_OUTCOMES.validate(found, lazy=True)
    assert found["as_of_on"].unique().tolist() == [DAY]
    by = found.set_index(["target", "metric"])
    assert by.loc[(CHURN, "log_loss"), "value"] == pytest.approx(-np.log(0.9))
    assert by.loc[(CHURN, "log_loss"), "baseline_value"] == pytest.approx(np.log(2))
    assert not by.loc[(CHURN, "log_loss"), "is_worse"]
    assert by.loc[(AMOUNT, "r2"), "is_worse"]
    assert not by.loc[(AMOUNT, "mae"), "is_worse"]


def test_one_outcome_only_leaves_out_what_is_not_defined(history, outcomes):
    found = monitoring.realised(history, outcomes.assign(outcome=0.0))
    schema.PREDICTION_OUTCOMES.validate(found, lazy=True)
    assert not {"roc_auc", "r2"} & set(found["metric"])


def test_without_outcomes_there_is_nothing(history, outcomes):
    found = monitoring.realised(history, outcomes[:0])
    schema.PREDICTION_OUTCOMES.validate(found, lazy=True)
    assert found.empty


def test_drift_is_seen_in_inputs_and_scores():
    random = np.random.default_rng(1)
    then = pd.DataFrame({"recency_days": random.random(500), CHURN: random.random(500), "as_of_on": DAY})
    bins = pd.concat(
        [
            feature_bins(then, ["recency_days"]).assign(kind="input"),
            feature_bins(then, [CHURN]).assign(kind="score"),
        ]
    )
    later = DAY + pd.Timedelta(days=7)
    predictions = pd.DataFrame({"target": CHURN, "prediction": then[CHURN] / 5, "as_of_on": later})
    found = monitoring.drift(then.assign(as_of_on=later), predictions, bins)
    schema.PREDICTION_DRIFT.validate(found, lazy=True)
    assert found.set_index("feature")["is_drifting"].to_dict() == {"recency_days": False, CHURN: True}
    assert found["reference_as_of_on"].unique().tolist() == [DAY]
    assert monitoring.drift(then[:0], predictions[:0], bins).empty
