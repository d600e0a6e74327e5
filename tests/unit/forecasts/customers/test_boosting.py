import numpy as np
import pandas as pd
import pytest

from dmp_assets.forecasts.customers.boosting import fit_amount, fit_probability, predict_boosting


@pytest.fixture
def features():
    random = np.random.default_rng(4)
    frame = pd.DataFrame(random.random((2000, 3)), columns=pd.Index(["a", "b", "c"]))
    return frame.mask(random.random((2000, 3)) < 0.1)


def test_a_probability_follows_what_decides_it_and_knows_unknown_values(features):
    outcome = features["a"].to_numpy() > 0.7
    prediction = predict_boosting(fit_probability(features, outcome), features)
    assert ((prediction >= 0) & (prediction <= 1)).all()
    assert prediction[outcome].min() > prediction[~outcome & features["a"].notna()].mean()


def test_an_amount_is_near_the_expected_value_and_never_negative(features):
    expected = 10 * features["b"].fillna(0).to_numpy()
    prediction = predict_boosting(
        fit_amount(features, expected + np.random.default_rng(1).normal(0, 1, 2000)), features
    )
    assert (prediction >= 0).all()
    assert np.abs(prediction - expected).mean() < 1


def test_the_same_data_give_the_same_text(features):
    outcome = features["c"].to_numpy() > 0.5
    assert fit_probability(features, outcome) == fit_probability(features, outcome)


def test_a_constant_amount_is_predicted_as_it_is(features):
    assert predict_boosting(fit_amount(features, np.full(2000, 7.0)), features) == pytest.approx(np.full(2000, 7.0))
