"""Which models compete for each target of the customer predictions, from the simplest to the most complex."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dmp_assets.forecasts.customers.boosting import fit_amount, fit_probability, predict_boosting
from dmp_assets.forecasts.customers.examples import AMOUNT, CHURN, FEATURES, HORIZON_DAYS
from dmp_assets.forecasts.customers.linear import fit_logistic, fit_ridge, predict_linear, rate


@dataclass(frozen=True)
class Model:
    """A way to predict a target.

    Attributes:
        features: what it reads, in this order.
        fit: from features and outcome, the fitted parameters as text.
        predict: from these parameters and features, one prediction per row.
        is_baseline: whether it is what the others have to beat.
    """

    features: tuple[str, ...]
    fit: Callable[[pd.DataFrame, np.ndarray], str]
    predict: Callable[[str, pd.DataFrame], np.ndarray]
    is_baseline: bool = False


@dataclass(frozen=True)
class Target:
    """What is predicted.

    Attributes:
        is_probability: whether the outcome happens or not; otherwise it is an amount, USD.
        models: by name, from the simplest on.
    """

    is_probability: bool
    models: Mapping[str, Model]


def _logistic_baseline(feature: str) -> Model:
    return Model((feature,), fit_logistic, predict_linear, is_baseline=True)


def _rate_baseline(feature: str, days: int) -> Model:
    def parameters(features: pd.DataFrame, outcome: np.ndarray) -> str:  # noqa: ARG001 - a rate learns nothing
        return rate(feature, HORIZON_DAYS / days)

    return Model((feature,), parameters, predict_linear, is_baseline=True)


TARGETS = {
    CHURN: Target(
        is_probability=True,
        models={
            "recency": _logistic_baseline("recency_days"),
            "order_count": _logistic_baseline("order_count_90d"),
            "logistic": Model(FEATURES, fit_logistic, predict_linear),
            "boosting": Model(FEATURES, fit_probability, predict_boosting),
        },
    ),
    AMOUNT: Target(
        is_probability=False,
        models={
            "last_28_days": _rate_baseline("sales_amount_28d", 28),
            "rate_90_days": _rate_baseline("sales_amount_90d", 90),
            "ridge": Model(FEATURES, fit_ridge, predict_linear),
            "boosting": Model(FEATURES, fit_amount, predict_boosting),
        },
    ),
}
"""By name, which is the outcome's column in the examples too."""

MODELS = tuple(dict.fromkeys(name for target in TARGETS.values() for name in target.models))
