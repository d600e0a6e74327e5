"""A neural network with one hidden layer (multi-layer perceptron) as text: JSON with the scaling and the weights."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd

from dmp_assets.forecasts.customers.families.scaling import fit_scaling, scale

HIDDEN = 16
PENALTY = 1.0
ROUNDS = 30
ROWS = 10_000
BATCHES = 20
ADAM = {"learning_rate_init": 0.003, "random_state": 0}


def fit_network(features: pd.DataFrame, outcome: np.ndarray, *, is_probability: bool) -> str:
    """Return a network with rectified units, fitted by Adam to log loss or squared error with an L2 penalty.

    Args:
        features: float64, NaN where unknown; one row per customer, from the oldest cutoff to the newest. The ROWS newest
            are learned from, which takes less time than boosting.
        outcome: bool or amounts, one per row.
        is_probability: whether the outcome is bool.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    features, outcome = features[-ROWS:], np.asarray(outcome, dtype=float)[-ROWS:]
    scaling = fit_scaling(features, log=is_probability)
    mean, spread = (0.0, 1.0) if is_probability else (float(outcome.mean()), float(outcome.std()) or 1.0)
    kind = MLPClassifier if is_probability else MLPRegressor
    model = kind(
        hidden_layer_sizes=(HIDDEN,),
        alpha=PENALTY,
        max_iter=ROUNDS,
        batch_size=max(len(features) // BATCHES, min(32, len(features))),
        **ADAM,
    )
    with warnings.catch_warnings():
        # Stopping early is the regularisation.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(scale(features, scaling), outcome.astype(int) if is_probability else (outcome - mean) / spread)
    return json.dumps(
        {
            "link": "logit" if is_probability else "identity",
            "mean": mean,
            "spread": spread,
            "scaling": scaling.to_dict("records"),
            "weights": [weights.tolist() for weights in model.coefs_],
            "intercepts": [intercepts.tolist() for intercepts in model.intercepts_],
        }
    )


def predict_network(parameters: str, features: pd.DataFrame) -> np.ndarray:
    """Return the prediction for each row: a probability, or an amount of 0 or more."""
    from scipy.special import expit

    model = json.loads(parameters)
    values = scale(features, pd.DataFrame(model["scaling"]))
    *hidden, last = [(np.array(w), np.array(b)) for w, b in zip(model["weights"], model["intercepts"], strict=True)]
    for weights, intercepts in hidden:
        values = np.maximum(values @ weights + intercepts, 0)
    total = (values @ last[0] + last[1])[:, 0]
    return expit(total) if model["link"] == "logit" else np.maximum(total * model["spread"] + model["mean"], 0)
