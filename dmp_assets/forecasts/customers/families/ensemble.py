"""The mean of what several models predict (Bates & Granger 1969) as text: JSON with each member's text by its name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

Fit = Callable[[pd.DataFrame, np.ndarray], str]
Predict = Callable[[str, pd.DataFrame], np.ndarray]


def fit_mean(members: Mapping[str, tuple[Fit, Predict]], features: pd.DataFrame, outcome: np.ndarray) -> str:
    """Return every member fitted to the same rows.

    Args:
        members: how each one fits and predicts, by name.
        features: float64, NaN where unknown; one row per customer.
        outcome: bool or amounts, one per row.
    """
    return joined({name: fit(features, outcome) for name, (fit, _) in members.items()})


def joined(texts: Mapping[str, str]) -> str:
    """Return fitted members, text by name, as the fitted mean."""
    return json.dumps(dict(texts))


def predict_mean(members: Mapping[str, tuple[Fit, Predict]], parameters: str, features: pd.DataFrame) -> np.ndarray:
    """Return the mean of the members' predictions for each row."""
    texts = json.loads(parameters)
    return np.mean([predict(texts[name], features) for name, (_, predict) in members.items()], axis=0)
