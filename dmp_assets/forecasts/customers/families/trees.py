"""Trees (LightGBM; Ke et al. 2017) as text: one decision tree, a random forest, gradient boosting.

A tree and a forest split by squared error, which on an outcome of 0 and 1 is the Gini impurity (Breiman et al. 1984; Breiman
2001): a leaf's value is the share or mean of its customers. Boosting follows the loss of its objective.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

Objective = Literal["probability", "mean", "median"]

_COMMON = {
    "seed": 0,
    "num_threads": 1,
    "deterministic": True,
    "force_col_wise": True,
    "verbose": -1,
}
_LOSS = {"probability": "binary", "mean": "regression", "median": "regression_l1"}

# Log loss of churn, mean of seven cutoffs from July to October: 0.2956; with a learning rate of 0.05 and 200 trees 0.2965. On
# four of them 15 leaves took twice the time of 7 and were worse (0.2983 against 0.2976).
BOOSTING = {
    "learning_rate": 0.03,
    "num_leaves": 7,
    "min_data_in_leaf": 200,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "feature_fraction": 0.3,
}
BOOSTING_TREES = 250

# A leaf of 200 needs rows for three such leaves at least. Of fewer it is a third of them, so that trees of a small shop split,
# and five rows at least. Log loss of churn of boosting that learned from 20 customers of the demo (220 rows): 0.388, with a leaf of
# 200 0.432 (no split), of a tenth of the rows 0.545; from 40 customers 0.338, 0.418 and 0.404; from 60 0.329, 0.329 and 0.372.
TUNED_ROWS = 600
LEAST_LEAF = 5
FOREST = {
    "boosting": "rf",
    "num_leaves": 31,
    "min_data_in_leaf": 20,
    "bagging_fraction": 0.5,
    "bagging_freq": 1,
    "feature_fraction_bynode": 0.15,
}
FOREST_TREES = 60
FOREST_ROWS = 10_000
TREE = {"learning_rate": 1.0, "num_leaves": 16, "max_depth": 5, "min_data_in_leaf": 150}


def _fit(parameters: dict, trees: int, features: pd.DataFrame, outcome: np.ndarray) -> str:
    """Return the fitted model in LightGBM's text format.

    Args:
        parameters: LightGBM's, for TUNED_ROWS rows or more.
        trees: how many.
        features: float64, NaN where unknown; one row per customer.
        outcome: bool or amounts, one per row.

    Raises:
        ValueError: LightGBM cannot learn from these rows.
    """
    import lightgbm

    data = lightgbm.Dataset(features, label=np.asarray(outcome, dtype=float))
    leaf = least_leaf(parameters["min_data_in_leaf"], len(features))
    try:
        model = lightgbm.train(_COMMON | parameters | {"min_data_in_leaf": leaf}, data, num_boost_round=trees)
    except lightgbm.basic.LightGBMError as error:
        raise ValueError(str(error)) from error
    return model.model_to_string()


def least_leaf(tuned: int, rows: int) -> int:
    """Return the fewest rows of a leaf: as tuned from TUNED_ROWS rows on, of fewer the same part of them."""
    return min(tuned, max(tuned * rows // TUNED_ROWS, LEAST_LEAF))


def fit_boosting(objective: Objective, features: pd.DataFrame, outcome: np.ndarray) -> str:
    """Return boosted trees for a probability, an expected value or a median."""
    return _fit(BOOSTING | {"objective": _LOSS[objective]}, BOOSTING_TREES, features, outcome)


def fit_forest(features: pd.DataFrame, outcome: np.ndarray) -> str:
    """Return a forest of the FOREST_ROWS newest rows (150 trees of all 23,000 took three times as long as boosting)."""
    features, outcome = features[-FOREST_ROWS:], np.asarray(outcome)[-FOREST_ROWS:]
    forest = _fit(FOREST | {"objective": "regression"}, FOREST_TREES, features, outcome)
    # Where nothing can be split LightGBM's forest predicts 0 or nothing at all, its tree the mean.
    return forest if np.ptp(predict_trees(forest, features)) > 0 else fit_tree(features, outcome)


fit_tree = partial(_fit, TREE | {"objective": "regression"}, 1)


def predict_trees(parameters: str, features: pd.DataFrame, *, greatest: float = np.inf) -> np.ndarray:
    """Return the prediction for each row, from 0 to `greatest`: 1 for a probability."""
    from lightgbm import Booster

    # LightGBM adds up in single precision: the share of a leaf where everything happened may be 1.00000001.
    return np.clip(np.asarray(Booster(model_str=parameters).predict(features, num_threads=1)), 0, greatest)
