"""What is predicted of a customer, and which models compete for it.

The models are ordered from the simplest to the most complex, by how many numbers each is made of (a tree 16 leaves, the linear
models 70 coefficients, the network 1,100 weights, boosting 1,750 leaves, the forest 1,900, the support vector machine 150
landmarks of 64 features).

No class weights and no resampling: both shift the probabilities, which are served as such, and rank no better. With balanced
weights the logistic regression's log loss for churn, on three cutoffs from September to December, was 0.428, 0.445 and 0.427
instead of 0.312, 0.293 and 0.303, its area under the ROC curve 0.855, 0.855 and 0.870 both ways; for the response to campaigns
0.537, 0.736 and 0.512 instead of 0.335, 0.369 and 0.414. Whom to act on is a threshold, chosen on its own (`calibration`).

More features did not help churn (log loss of boosting 0.297 both ways on three cutoffs from August to October): order days in each
of the last thirteen weeks, counts and spend with half-lives of 14, 28 and 42 days, days since the last order of 20 USD or more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from dmp_assets.forecasts.customers.campaigns import CAMPAIGN_FEATURES, RESPONSE
from dmp_assets.forecasts.customers.categories import CATEGORY_28D, CATEGORY_FEATURES
from dmp_assets.forecasts.customers.examples import (
    AMOUNT,
    CHURN,
    DAYS,
    FEATURES,
    HORIZON_DAYS,
    MEDIAN_AMOUNT,
    PURCHASE,
    VALUE,
    VALUE_DAYS,
)
from dmp_assets.forecasts.customers.families.ensemble import fit_mean, predict_mean
from dmp_assets.forecasts.customers.families.linear import (
    fit_logistic,
    fit_ridge,
    fit_root_ridge,
    predict_linear,
    rate,
)
from dmp_assets.forecasts.customers.families.network import fit_network, predict_network
from dmp_assets.forecasts.customers.families.svm import fit_svm, predict_svm
from dmp_assets.forecasts.customers.families.trees import fit_boosting, fit_forest, fit_tree, predict_trees
from dmp_assets.forecasts.customers.lifetime_value import BG_NBD_FEATURES, fit_bg_nbd, predict_value

Kind = Literal["probability", "mean", "median"]
BG_NBD = "bg_nbd"


@dataclass(frozen=True)
class Model:
    """A way to predict a target.

    Attributes:
        features: what it reads, in this order.
        fit: from features and outcome, rows from the oldest cutoff to the newest, the fitted parameters as text.
        predict: from these parameters and features, one prediction per row.
        is_baseline: whether it is what the others have to beat.
        members: of a mean of models, the names of those among the target's models.
    """

    features: tuple[str, ...]
    fit: Callable[[pd.DataFrame, np.ndarray], str]
    predict: Callable[[str, pd.DataFrame], np.ndarray]
    is_baseline: bool = False
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Target:
    """What is predicted.

    Attributes:
        kind: 'probability' of an outcome that happens or not, decided by log loss; 'mean', an expected number, by squared
            error; 'median', what half of such customers stay below, by absolute error.
        models: by name, from the simplest on.
        outcome: the column of the examples that holds what happened.
        horizon_days: from the as-of date on, the day itself included.
        key: what a row is of, beside the customer: columns of the examples.
        training_cutoffs: of how many as-of dates, the newest, is learned.
        references: models that are kept fitted beside the champion.
    """

    kind: Kind
    models: Mapping[str, Model]
    outcome: str
    horizon_days: int = HORIZON_DAYS
    key: tuple[str, ...] = ()
    training_cutoffs: int = 8
    references: tuple[str, ...] = ()

    @property
    def baselines(self) -> set[str]:
        """The names of the baselines."""
        return {name for name, model in self.models.items() if model.is_baseline}


def probability_models(features: Sequence[str], baselines: Sequence[str]) -> dict[str, Model]:
    """Return every family for an outcome that happens or not.

    Args:
        features: columns of numbers.
        baselines: one feature each for a logistic regression, which the others have to beat.
    """
    names = tuple(features)
    logistic = Model(names, fit_logistic, predict_linear)
    predict = partial(predict_trees, greatest=1)
    boosting = Model(names, partial(fit_boosting, "probability"), predict)
    return {
        **{_short(name): Model((name,), fit_logistic, predict_linear, is_baseline=True) for name in baselines},
        "tree": Model(names, fit_tree, predict),
        "logistic": logistic,
        "network": Model(names, partial(fit_network, is_probability=True), predict_network),
        "boosting": boosting,
        "logistic_boosting": _mean_of({"logistic": logistic, "boosting": boosting}),
        "forest": Model(names, fit_forest, predict),
        "svm": Model(names, partial(fit_svm, is_probability=True), predict_svm),
    }


def mean_models(features: Sequence[str], baselines: Mapping[str, Model]) -> dict[str, Model]:
    """Return every family for an expected number.

    Args:
        features: columns of numbers.
        baselines: by name, what the others have to beat.
    """
    names = tuple(features)
    ridge = Model(names, fit_ridge, predict_linear)
    boosting = Model(names, partial(fit_boosting, "mean"), predict_trees)
    return {
        **baselines,
        "tree": Model(names, fit_tree, predict_trees),
        "ridge": ridge,
        "network": Model(names, partial(fit_network, is_probability=False), predict_network),
        "boosting": boosting,
        "ridge_boosting": _mean_of({"ridge": ridge, "boosting": boosting}),
        "forest": Model(names, fit_forest, predict_trees),
        "svm": Model(names, partial(fit_svm, is_probability=False), predict_svm),
    }


def median_models(features: Sequence[str], baselines: Mapping[str, Model]) -> dict[str, Model]:
    """Return the families whose loss is, or is near to, the absolute error; arguments as for `mean_models`."""
    names = tuple(features)
    root_ridge = Model(names, fit_root_ridge, predict_linear)
    boosting = Model(names, partial(fit_boosting, "median"), predict_trees)
    return {
        **baselines,
        "root_ridge": root_ridge,
        "boosting": boosting,
        "root_ridge_boosting": _mean_of({"root_ridge": root_ridge, "boosting": boosting}),
    }


def rate_baseline(feature: str, factor: float) -> Model:
    """Return the model that multiplies one feature by a factor."""

    def parameters(features: pd.DataFrame, outcome: np.ndarray) -> str:  # noqa: ARG001 - a rate learns nothing
        return rate(feature, factor)

    return Model((feature,), parameters, predict_linear, is_baseline=True)


def _mean_of(members: dict[str, Model]) -> Model:
    pairs = {name: (model.fit, model.predict) for name, model in members.items()}
    features = next(iter(members.values())).features
    return Model(features, partial(fit_mean, pairs), partial(predict_mean, pairs), members=tuple(members))


def _short(feature: str) -> str:
    return {"recency_days": "recency", "order_count_90d": "order_count"}.get(feature, feature)


def _spend_rates(days: int) -> dict[str, Model]:
    return {
        "last_28_days": rate_baseline("sales_amount_28d", days / 28),
        "rate_90_days": rate_baseline("sales_amount_90d", days / 90),
    }


def _fit_linear_on(feature: str) -> Model:
    return Model((feature,), fit_ridge, predict_linear, is_baseline=True)


TARGETS = {
    # Half a year for churn (see `examples.HISTORY_DAYS`), sixteen weeks for the others.
    CHURN: Target(
        "probability",
        probability_models(FEATURES, ("recency_days", "order_count_90d")),
        CHURN,
        training_cutoffs=12,
    ),
    AMOUNT: Target("mean", mean_models(FEATURES, _spend_rates(HORIZON_DAYS)), AMOUNT),
    MEDIAN_AMOUNT: Target("median", median_models(FEATURES, _spend_rates(HORIZON_DAYS)), AMOUNT),
    DAYS: Target(
        "mean",
        mean_models(FEATURES, {name: _fit_linear_on(name) for name in ("recency_days", "order_count_90d")}),
        DAYS,
    ),
    VALUE: Target(
        "mean",
        {
            **_spend_rates(VALUE_DAYS),
            BG_NBD: Model(BG_NBD_FEATURES, fit_bg_nbd, partial(predict_value, days=VALUE_DAYS)),
            **mean_models(FEATURES, {}),
        },
        VALUE,
        horizon_days=VALUE_DAYS,
        references=(BG_NBD,),
    ),
    RESPONSE: Target(
        "probability",
        probability_models((*FEATURES, *CAMPAIGN_FEATURES), ("redemption_count", "coupon_share")),
        RESPONSE,
        horizon_days=56,
        key=("campaign_id",),
        training_cutoffs=30,
    ),
    CATEGORY_28D: Target(
        "probability",
        probability_models(CATEGORY_FEATURES, ("category_order_days_90d", "category_sales_share")),
        CATEGORY_28D,
        key=("product_category",),
        training_cutoffs=3,
    ),
}
"""By name."""

COMPLEMENTS = {PURCHASE: CHURN}
"""Served as 1 - another probability: a second model would be the same one mirrored."""

MODELS = tuple(dict.fromkeys(name for target in TARGETS.values() for name in target.models))

WATCHED = tuple(name for name, target in TARGETS.items() if not target.key)
"""The targets whose outcome arrives by itself: of a customer, not of a campaign that may never be sent."""

KEPT_DAYS = 28 + max(TARGETS[name].horizon_days for name in WATCHED)
"""How long a served prediction is kept: until its horizon is over, and four weeks more for orders that arrive late."""
