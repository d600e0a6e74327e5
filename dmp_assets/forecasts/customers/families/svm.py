"""Support vector machines with a Gaussian kernel (Cortes & Vapnik 1995) as text: JSON with scaling, landmarks and weights.

The kernel is approximated by its values at LANDMARKS customers (Nystroem; Williams & Seeger 2001), so that time and size do not
grow with the square of the customers: with scikit-learn's exact SVC every support vector would have to be stored.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from dmp_assets.forecasts.customers.families.scaling import fit_scaling, scale

LANDMARKS = 150
GAMMA = 0.002
ROWS = 8_000
CALIBRATION_SHARE = 0.25


def fit_svm(features: pd.DataFrame, outcome: np.ndarray, *, is_probability: bool) -> str:
    """Return a classifier (squared hinge loss) calibrated by Platt's sigmoid (1999), or a regression to the median.

    Args:
        features: float64, NaN where unknown; one row per customer, from the oldest cutoff to the newest. The ROWS newest
            are learned from; the sigmoid is fitted on the newest CALIBRATION_SHARE of them, which the machine has not seen.
        outcome: bool or amounts, one per row.
        is_probability: whether the outcome is bool.
    """
    from sklearn.svm import LinearSVC, LinearSVR

    features, outcome = features[-ROWS:], np.asarray(outcome, dtype=float)[-ROWS:]
    scaling = fit_scaling(features, log=is_probability)
    points = scale(features, scaling)
    chosen = np.random.default_rng(0).permutation(len(points))[:LANDMARKS]
    landmarks = points[np.sort(chosen)]
    values, vectors = np.linalg.eigh(_kernel(landmarks, landmarks))
    kept = values > 1e-6
    whitening = vectors[:, kept] / np.sqrt(values[kept])
    inputs = _kernel(points, landmarks) @ whitening
    spread = float(outcome.std()) or 1.0
    if is_probability:
        split = len(points) - int(len(points) * CALIBRATION_SHARE)
        model = LinearSVC(C=0.1, dual=False, random_state=0).fit(inputs[:split], outcome[:split])
        slope, shift = _platt(model.decision_function(inputs[split:]), outcome[split:])
    else:
        model = LinearSVR(C=0.1, epsilon=0.0, loss="squared_epsilon_insensitive", dual=False, random_state=0)
        model.fit(inputs, outcome / spread)
        slope, shift = spread, 0.0
    weights = whitening @ model.coef_.ravel()
    return json.dumps(
        {
            "link": "logit" if is_probability else "identity",
            "scaling": scaling.to_dict("records"),
            "landmarks": np.round(landmarks, 6).tolist(),
            "weights": (weights * slope).tolist(),
            "intercept": float(np.ravel(model.intercept_)[0] * slope + shift),
        }
    )


def predict_svm(parameters: str, features: pd.DataFrame) -> np.ndarray:
    """Return the prediction for each row: a probability, or an amount of 0 or more."""
    from scipy.special import expit

    model = json.loads(parameters)
    points = scale(features, pd.DataFrame(model["scaling"]))
    total = _kernel(points, np.array(model["landmarks"])) @ np.array(model["weights"]) + model["intercept"]
    return expit(total) if model["link"] == "logit" else np.maximum(total, 0)


def _kernel(points: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    squares = (points**2).sum(axis=1)[:, None] + (landmarks**2).sum(axis=1) - 2 * points @ landmarks.T
    return np.exp(-GAMMA * np.maximum(squares, 0))


def _platt(scores: np.ndarray, outcome: np.ndarray) -> tuple[float, float]:
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(outcome)) < 2:
        return 1.0, 0.0
    model = LogisticRegression(C=1e3).fit(scores[:, None], outcome)
    return float(model.coef_[0, 0]), float(model.intercept_[0])
