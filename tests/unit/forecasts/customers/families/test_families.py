"""What every family of models keeps to, however it works inside."""

import numpy as np
import pandas as pd
import pytest

from dmp_assets.forecasts.customers.targets import mean_models, median_models, probability_models, rate_baseline

FEATURES = ("order_count", "deli_share")
PROBABILITY = probability_models(FEATURES, ["order_count"])
MEAN = mean_models(FEATURES, {"rate": rate_baseline("order_count", 2)})
MEDIAN = median_models(FEATURES, {"rate": rate_baseline("order_count", 2)})


@pytest.fixture(scope="module")
def features() -> pd.DataFrame:
    random = np.random.default_rng(3)
    frame = pd.DataFrame({"order_count": random.poisson(5, 1500).astype(float), "deli_share": random.random(1500)})
    return frame.mask(random.random(frame.shape) < 0.02)


@pytest.fixture(scope="module")
def probability(features) -> np.ndarray:
    return 1 / (1 + np.exp(1.5 * np.log1p(features["order_count"].fillna(5)) - 2)).to_numpy()


@pytest.mark.parametrize("name", PROBABILITY)
def test_a_probability_follows_what_decides_it(features, probability, name):
    outcome = np.random.default_rng(1).random(len(features)) < probability
    model = PROBABILITY[name]
    prediction = model.predict(model.fit(features[list(model.features)], outcome), features)
    assert ((prediction >= 0) & (prediction <= 1)).all()
    assert np.corrcoef(prediction, probability)[0, 1] > 0.75
    assert prediction.mean() == pytest.approx(outcome.mean(), abs=0.03)


@pytest.mark.parametrize(("kind", "name"), [("mean", name) for name in MEAN] + [("median", name) for name in MEDIAN])
def test_an_amount_follows_what_decides_it_and_is_never_negative(features, kind, name):
    model = {"mean": MEAN, "median": MEDIAN}[kind][name]
    expected = 2 * features["order_count"].fillna(5).to_numpy()
    outcome = np.maximum(expected + np.random.default_rng(2).normal(0, 1, len(features)), 0)
    known = features.fillna(5)
    prediction = model.predict(model.fit(known[list(model.features)], outcome), known)
    assert (prediction >= 0).all()
    assert np.abs(prediction - expected).mean() < 2


@pytest.mark.parametrize("name", [name for name in PROBABILITY if not PROBABILITY[name].is_baseline])
def test_the_same_rows_give_the_same_text(features, probability, name):
    model, outcome = PROBABILITY[name], probability > 0.4
    assert model.fit(features, outcome) == model.fit(features, outcome)


@pytest.mark.parametrize("name", [name for name in MEAN if not MEAN[name].is_baseline])
def test_constant_and_unknown_features_and_few_rows_give_numbers(name):
    frame = pd.DataFrame({"order_count": np.full(6, 3.0), "deli_share": np.full(6, np.nan)})
    amount, chance = MEAN[name], PROBABILITY.get(name)
    assert np.isfinite(amount.predict(amount.fit(frame, np.arange(6.0)), frame)).all()
    if chance is not None:
        text = chance.fit(frame, np.array([True, False] * 3))
        assert np.isfinite(chance.predict(text, frame)).all()


def test_a_mean_of_models_lies_between_its_members(features, probability):
    outcome = probability > 0.4
    predictions = {
        name: PROBABILITY[name].predict(PROBABILITY[name].fit(features, outcome), features)
        for name in ("logistic", "boosting", "logistic_boosting")
    }
    middle = (predictions["logistic"] + predictions["boosting"]) / 2
    assert predictions["logistic_boosting"] == pytest.approx(middle)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("name", PROBABILITY)
def test_a_customer_unlike_all_others_has_a_probability_too(features, probability, name):
    model = PROBABILITY[name]
    parameters = model.fit(features[list(model.features)], np.random.default_rng(1).random(len(features)) < probability)
    unlike = pd.DataFrame({"order_count": [1e9, 0.0], "deli_share": [-1e9, 1e9]})
    prediction = model.predict(parameters, unlike)
    assert ((prediction >= 0) & (prediction <= 1)).all()
