import json

import numpy as np
import pandas as pd
import pytest

from dmp_assets.forecasts.customers.families.linear import (
    fit_logistic,
    fit_ridge,
    fit_root_ridge,
    predict_linear,
    rate,
)


@pytest.fixture
def features():
    random = np.random.default_rng(3)
    return pd.DataFrame({"order_count": random.poisson(5, 400).astype(float), "deli_share": random.random(400)})


def test_least_squares_on_the_textbook_line():
    line = pd.DataFrame({"x": np.tile([1.0, 2.0, 3.0], 1000)})
    prediction = predict_linear(fit_ridge(line, 2 * line["x"].to_numpy()), line[:3])
    # The penalty of 0.02 per row shrinks the slope of a standardised feature by 1 / 1.02.
    assert prediction == pytest.approx(4 + np.array([-2, 0, 2]) / 1.02)


def test_a_logistic_regression_finds_what_is_in_the_data(features):
    truth = 1 / (1 + np.exp(2 * np.log1p(features["order_count"]) - 3))
    outcome = np.random.default_rng(1).random(400) < truth
    prediction = predict_linear(fit_logistic(features, outcome), features)
    assert np.corrcoef(prediction, truth)[0, 1] > 0.95
    assert prediction.mean() == pytest.approx(outcome.mean(), abs=0.01)


def test_a_model_says_the_same_after_a_round_trip_through_text(features):
    text = fit_logistic(features, features["deli_share"].to_numpy() > 0.5)
    assert predict_linear(json.dumps(json.loads(text)), features).tolist() == predict_linear(text, features).tolist()


def test_one_outcome_gives_a_constant_that_is_never_certain(features):
    for outcome, expected in ((np.ones(400, dtype=bool), 400.5 / 401), (np.zeros(400, dtype=bool), 0.5 / 401)):
        assert predict_linear(fit_logistic(features, outcome), features) == pytest.approx(np.full(400, expected))


def test_unknown_and_constant_features_still_give_numbers(features):
    odd = features.assign(unknown=np.nan, constant=7.0, rare=np.where(features.index < 3, np.nan, 2.0))
    outcome = features["deli_share"].to_numpy()
    for text in (fit_ridge(odd, outcome), fit_logistic(odd, outcome > 0.5)):
        assert np.isfinite(predict_linear(text, odd)).all()


def test_an_amount_is_never_negative():
    falling = pd.DataFrame({"x": np.arange(50.0)})
    text = fit_ridge(falling, 40 - falling["x"].to_numpy())
    assert predict_linear(text, pd.DataFrame({"x": [1000.0]})).tolist() == [0]


def test_a_rate_is_the_feature_times_the_factor():
    assert predict_linear(rate("x", 28 / 90), pd.DataFrame({"x": [90.0, 0.0]})).tolist() == pytest.approx([28, 0])


def test_the_root_ridge_is_near_the_median_of_skewed_amounts():
    random = np.random.default_rng(6)
    level = random.integers(1, 5, 5000).astype(float)
    outcome = level * np.exp(random.normal(0, 0.8, 5000))
    prediction = predict_linear(fit_root_ridge(pd.DataFrame({"level": level}), outcome), pd.DataFrame({"level": level}))
    assert (outcome < prediction).mean() == pytest.approx(0.5, abs=0.1)
    assert np.abs(prediction - outcome).mean() < np.abs(outcome.mean() - outcome).mean()
