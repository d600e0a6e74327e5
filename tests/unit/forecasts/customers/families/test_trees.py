import numpy as np
import pandas as pd
import pytest

from dmp_assets.forecasts.customers.families.trees import (
    fit_boosting,
    fit_forest,
    fit_tree,
    least_leaf,
    predict_trees,
)
from dmp_assets.forecasts.customers.targets import probability_models


@pytest.fixture
def features():
    random = np.random.default_rng(4)
    frame = pd.DataFrame(random.random((2000, 3)), columns=pd.Index(["a", "b", "c"]))
    return frame.mask(random.random((2000, 3)) < 0.1)


def test_boosting_knows_unknown_values(features):
    outcome = features["a"].to_numpy() > 0.7
    prediction = predict_trees(fit_boosting("probability", features, outcome), features)
    assert prediction[outcome].min() > prediction[~outcome & features["a"].notna()].mean()


def test_a_median_is_not_moved_by_a_few_large_amounts(features):
    outcome = np.where(np.arange(2000) % 10 == 0, 1000.0, 5.0)
    assert predict_trees(fit_boosting("median", features, outcome), features) == pytest.approx(
        np.full(2000, 5.0), abs=1
    )
    assert predict_trees(fit_boosting("mean", features, outcome), features).mean() == pytest.approx(104.5, abs=10)


def test_a_leaf_of_a_tree_is_the_share_of_its_customers(features):
    outcome = features["b"].fillna(0).to_numpy() > 0.5
    prediction = predict_trees(fit_tree(features, outcome), features)
    for value in np.unique(prediction):
        assert value == pytest.approx(outcome[prediction == value].mean(), abs=1e-6)


@pytest.mark.parametrize("name", ["tree", "forest", "boosting"])
@pytest.mark.parametrize("seed", range(4))
def test_a_probability_is_at_most_1_though_trees_add_up_in_single_precision(name, seed):
    random = np.random.default_rng(seed)
    rows = pd.DataFrame(random.random((random.integers(400, 3000), 2)), columns=pd.Index(["a", "b"]))
    model = probability_models(["a", "b"], ["a"])[name]
    prediction = model.predict(model.fit(rows, rows["a"].to_numpy() > random.random()), rows)
    assert ((prediction >= 0) & (prediction <= 1)).all()


@pytest.mark.parametrize("fit", [fit_tree, fit_forest])
def test_a_constant_amount_is_predicted_as_it_is(features, fit):
    assert predict_trees(fit(features, np.full(2000, 7.0)), features) == pytest.approx(np.full(2000, 7.0))


@pytest.mark.parametrize(("rows", "leaf"), [(1, 5), (30, 10), (300, 100), (599, 199), (600, 200), (30_000, 200)])
def test_the_least_leaf_is_a_third_of_few_rows(rows, leaf):
    assert least_leaf(200, rows) == leaf


@pytest.mark.parametrize("fit", [fit_tree, fit_forest, lambda *rows: fit_boosting("probability", *rows)])
def test_a_small_shop_has_trees_that_split(features, fit):
    few = features[:60]
    outcome = few["a"].fillna(0).to_numpy() > 0.5
    prediction = predict_trees(fit(few, outcome), few)
    assert prediction[outcome].mean() > prediction[~outcome].mean() + 0.2


@pytest.mark.parametrize("rows", [2, 7])
def test_a_handful_of_rows_gives_numbers(features, rows):
    for fit in (fit_tree, fit_forest, lambda *given: fit_boosting("mean", *given)):
        assert np.isfinite(predict_trees(fit(features[:rows], np.arange(rows)), features)).all()


def test_a_forest_of_one_row_is_refused(features):
    with pytest.raises(ValueError, match="num_data"):
        fit_forest(features[:1], np.ones(1))
