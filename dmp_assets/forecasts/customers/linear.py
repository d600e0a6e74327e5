"""Linear models as text: logistic regression and ridge on standardised features, and rates that need no fitting.

A model is a JSON object: link ('logit' or 'identity'), intercept, and terms, each with feature, is_log (log(1 + x) is taken
first), fill (what stands for an unknown value, in the unit after the log), mean, scale and coefficient. The prediction is
the link's inverse of intercept + sum of coefficient * (x - mean) / scale.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

INVERSE_REGULARISATION = 0.1
PENALTY_PER_ROW = 0.02


def fit_logistic(features: pd.DataFrame, outcome: np.ndarray) -> str:
    """Return a logistic regression (L2), every feature but shares as log(1 + x); on one outcome only, a constant.

    Args:
        features: float64, NaN where unknown; one row per customer.
        outcome: bool, one per row.
    """
    from sklearn.linear_model import LogisticRegression

    outcome = outcome.astype(bool)
    if outcome.all() or not outcome.any():
        # Half a case of each outcome is added (Jeffreys' prior), so that nothing is held for certain.
        share = (outcome.sum() + 0.5) / (len(outcome) + 1)
        return json.dumps({"link": "logit", "intercept": float(np.log(share / (1 - share))), "terms": []})
    is_log = np.array([not str(name).endswith("_share") for name in features.columns])
    points, scaling = _standardise(features, is_log)
    model = LogisticRegression(C=INVERSE_REGULARISATION, max_iter=1000).fit(points, outcome)
    return _text("logit", float(model.intercept_[0]), scaling, model.coef_[0])


def fit_ridge(features: pd.DataFrame, outcome: np.ndarray) -> str:
    """Return a ridge regression (Hoerl & Kennard 1970) on the features as they are; the penalty grows with the rows.

    Args:
        features: float64, NaN where unknown; one row per customer.
        outcome: amounts, one per row.
    """
    from sklearn.linear_model import Ridge

    # Amounts add up in the unit they are in: with log(1 + x) the mean absolute error was 82 USD instead of 66.
    points, scaling = _standardise(features, np.zeros(features.shape[1], dtype=bool))
    model = Ridge(alpha=PENALTY_PER_ROW * len(points)).fit(points, outcome)
    return _text("identity", float(model.intercept_), scaling, model.coef_)


def rate(feature: str, factor: float) -> str:
    """Return the model that multiplies one feature by a factor."""
    scaling = pd.DataFrame({"feature": [feature], "is_log": False, "fill": 0.0, "mean": 0.0, "scale": 1.0})
    return _text("identity", 0.0, scaling, np.array([factor]))


def predict_linear(parameters: str, features: pd.DataFrame) -> np.ndarray:
    """Return the prediction for each row: a probability with link 'logit', otherwise an amount of 0 or more."""
    model = json.loads(parameters)
    total = np.full(len(features), float(model["intercept"]))
    if model["terms"]:
        terms = pd.DataFrame(model["terms"])
        points = _transform(features[terms["feature"].tolist()], terms)
        total += points @ terms["coefficient"].to_numpy()
    return 1 / (1 + np.exp(-total)) if model["link"] == "logit" else np.maximum(total, 0)


def _standardise(features: pd.DataFrame, is_log: np.ndarray) -> tuple[np.ndarray, pd.DataFrame]:
    """Return the transformed features and, one row per feature, how that was done."""
    scaling = pd.DataFrame({"feature": features.columns, "is_log": is_log})
    values = pd.DataFrame(_log(features, is_log))
    scaling["fill"] = values.median().fillna(0).to_numpy()
    filled = values.fillna(scaling["fill"])
    scaling["mean"] = filled.mean().to_numpy()
    spread = filled.std(ddof=0).to_numpy()
    scaling["scale"] = np.where(spread > 1e-12, spread, 1.0)
    return _transform(features, scaling), scaling


def _transform(features: pd.DataFrame, scaling: pd.DataFrame) -> np.ndarray:
    values = _log(features, scaling["is_log"].to_numpy(dtype=bool))
    filled = np.where(np.isnan(values), scaling["fill"].to_numpy(), values)
    return (filled - scaling["mean"].to_numpy()) / scaling["scale"].to_numpy()


def _log(features: pd.DataFrame, is_log: np.ndarray) -> np.ndarray:
    values = features.to_numpy(dtype=float)
    return np.where(is_log, np.log1p(np.maximum(values, 0)), values)


def _text(link: str, intercept: float, scaling: pd.DataFrame, coefficients: np.ndarray) -> str:
    terms = scaling.assign(coefficient=coefficients).to_dict("records")
    return json.dumps({"link": link, "intercept": intercept, "terms": terms})
