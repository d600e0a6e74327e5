"""What the tables of the customer predictions look like; the checks that block a wrong one."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

from dmp_assets.analysis.drift import DRIFT_LIMIT, LEAST_ROWS
from dmp_assets.forecasts.customers.categories import CATEGORIES, CATEGORY_28D
from dmp_assets.forecasts.customers.champions import BASELINE, CHAMPION, REFERENCE
from dmp_assets.forecasts.customers.examples import VALUE, VALUE_DAYS
from dmp_assets.forecasts.customers.frames import INPUT, SCORE
from dmp_assets.forecasts.customers.importance import CUSTOMERS, FEATURES_SHOWN, REPEATS
from dmp_assets.forecasts.customers.metrics import BINS, CALIBRATION_ERROR, METRICS
from dmp_assets.forecasts.customers.targets import COMPLEMENTS, KEPT_DAYS, MODELS, TARGETS, WATCHED
from dmp_assets.platform.emptiness import may_be_empty


def _has_one_champion_per_target(frame: pd.DataFrame) -> bool:
    champions = frame.loc[frame["is_champion"], ["target", "model"]].drop_duplicates()
    return sorted(champions["target"]) == sorted(set(frame["target"]))


def _has_ordered_interval(frame: pd.DataFrame) -> pd.Series:
    is_missing = frame["ci_low"].isna() & frame["ci_high"].isna()
    may_miss = frame["metric"].isin([CALIBRATION_ERROR, "roc_auc", "pr_auc", "precision", "recall", "f1", "r2"])
    return (frame["ci_low"] <= frame["ci_high"]) | (is_missing & may_miss)


_SHARES = ["roc_auc", "pr_auc", "brier", CALIBRATION_ERROR, "precision", "recall", "f1", "share_below"]


def _is_within_prediction_metric_range(frame: pd.DataFrame) -> pd.Series:
    is_share = frame["metric"].isin(_SHARES)
    is_error = frame["metric"].isin(["log_loss", "mae"])
    is_r2 = frame["metric"].eq("r2") & (frame["value"] <= 1)
    return (
        (is_share & frame["value"].between(0, 1))
        | (is_error & (frame["value"] >= 0))
        | is_r2
        | frame["metric"].eq("bias")
    )


def _is_probability_where_due(frame: pd.DataFrame) -> pd.Series:
    probabilities = [name for name, target in TARGETS.items() if target.kind == "probability"]
    return ~frame["target"].isin([*probabilities, *COMPLEMENTS]) | frame["prediction"].between(0, 1)


SERVED_TARGETS = (*(name for name in TARGETS if name != CATEGORY_28D), *COMPLEMENTS)

_WHAT = (
    "churn_28d (no order with a sale in the 28 days from the as-of date on, a probability), amount_28d (expected sales in them), "
    "median_amount_28d (the amount that half of such customers stay below), days_to_purchase (expected days to the next order with "
    "a sale, 0 to 28: who has none within 28 days counts as 28, so nothing is censored), value_84d (expected sales in 84 days, "
    "also of customers who are not active), campaign_response (redeems a coupon of a campaign in its days, a probability); "
    "amounts in the platform currency"
)
_MODEL_TEXT = (
    "The way to predict. Baselines: recency, order_count (of 90 days) and other single features by their own names (each in a "
    "logistic or ridge regression), last_28_days and rate_90_days (spend so far, scaled); then bg_nbd (BG/NBD with Gamma-Gamma), "
    "tree, logistic, ridge, root_ridge (ridge on roots, near the median), network (multi-layer perceptron), boosting "
    "(gradient-boosted trees), logistic_boosting, ridge_boosting and root_ridge_boosting (the means of both), forest, svm."
)


def _target(names: tuple[str, ...], text: str) -> pa.Column:
    return pa.Column(str, pa.Check.isin(names), description=text)


_TARGET = _target(
    tuple(TARGETS),
    f"What is predicted: {_WHAT}, category_28d (buys in a product category within 28 days, a probability).",
)
_MODEL = pa.Column(str, pa.Check.isin(MODELS), description=_MODEL_TEXT)
_AS_OF_ON = pa.Column("datetime64[us]", description="Only orders before this day (store-local) were read.")
_CUTOFF_ON = pa.Column(
    "datetime64[us]",
    description="The as-of date that was predicted with what was known before it (for campaign_response the first day of a "
    "campaign).",
)


def _share(text: str, *, nullable: bool = False) -> pa.Column:
    return pa.Column(float, pa.Check.in_range(0, 1), nullable=nullable, description=text)


def _number(text: str, *, nullable: bool = False, least: float | None = None) -> pa.Column:
    check = pa.Check.ge(least) if least is not None else None
    return pa.Column(float, check, nullable=nullable, description=text)


_NO_MODEL = (
    "the history is too short: a model needs an as-of date whose outcome is known, and before it another, known by then"
)


def _table(
    name: str,
    description: str,
    columns: dict[str, pa.Column],
    unique: list[str],
    checks: list[pa.Check] | None = None,
    *,
    reason: str = _NO_MODEL,
) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(
        columns,
        checks=checks,
        unique=unique,
        strict=True,
        ordered=True,
        name=f"forecasts.{name}",
        metadata=may_be_empty(reason),
        description=description,
    )


PREDICTION_LEADERBOARD = _table(
    "prediction_leaderboard",
    "How good every model was on up to three test cutoffs, each time trained only on outcomes that were known by then. One row per "
    "target, cutoff, model and metric; none where there was too little history to compare on.",
    {
        "target": _TARGET,
        "cutoff_on": _CUTOFF_ON,
        "model": _MODEL,
        "metric": pa.Column(
            str,
            pa.Check.isin(list(dict.fromkeys(metric for names in METRICS.values() for metric in names))),
            description="Of probabilities: log_loss (nats; decides), roc_auc and pr_auc (no row where only one outcome "
            "happened), brier, calibration_error (expected calibration error in ten bins), precision, recall and f1 at "
            "the threshold with the largest F1 on the cutoffs known before (no row on the oldest cutoff). Of expected numbers: r2 "
            "(decides, as squared error), mae and bias (mean of prediction minus outcome) in the target's unit. Of medians: mae "
            "(decides), r2, share_below (share of outcomes below the prediction, 0.5 is ideal).",
        ),
        "value": pa.Column(float, description="The metric's value, in the unit of the metric."),
        "ci_low": _number(
            "Lower bound of the 95 % bootstrap interval over customers, in the unit of the metric; null for calibration_error, "
            "which a resample overstates, and where no resample defines the metric.",
            nullable=True,
        ),
        "ci_high": _number("Upper bound of the same interval; null where the lower bound is.", nullable=True),
        "examples": pa.Column(
            "int64",
            pa.Check.ge(1),
            description="Rows tested on: customers, members of a campaign, or pairs of customer and category.",
        ),
        "is_newest": pa.Column(bool, description="True for the newest cutoff of the target."),
        "is_champion": pa.Column(
            bool,
            description="True for the model that serves: the one that served before, unless a challenger is better beyond noise "
            "(paired bootstrap) on the newest cutoff; otherwise the simplest one that on all cutoffs the best does not beat beyond "
            "noise. Never one that a baseline beats.",
        ),
        "as_of_on": _AS_OF_ON,
    },
    ["target", "cutoff_on", "model", "metric"],
    [
        pa.Check(_has_one_champion_per_target, error="one champion per target"),
        pa.Check(_has_ordered_interval, error="ci_low <= ci_high"),
        pa.Check(_is_within_prediction_metric_range, error="the value is outside the metric's range"),
    ],
)

PREDICTION_MODELS = _table(
    "prediction_models",
    "The models that predict on later days without being trained again: of every target the champion and the best baseline, "
    "trained on the newest examples. One row per target and role; none where there was too little history to compare on.",
    {
        "target": _TARGET,
        "role": pa.Column(
            str,
            pa.Check.isin([CHAMPION, BASELINE, REFERENCE]),
            description="champion: serves; baseline: the best simple answer, predicted beside it to compare with later; "
            "reference: kept for its parts (bg_nbd for value_84d).",
        ),
        "model": _MODEL,
        "previous_model": pa.Column(
            str, nullable=True, description="The champion before this training; null at the first one."
        ),
        "reason": pa.Column(str, pa.Check.ne(""), description="Why it has this role, in words."),
        "features": pa.Column(
            str, pa.Check.ne(""), description="Names of its features, comma-separated, in their order."
        ),
        "parameters": pa.Column(
            str,
            pa.Check.ne(""),
            description="The fitted model as text: LightGBM's format for tree, forest and boosting, otherwise JSON; a mean of "
            "models is JSON with each member's text.",
        ),
        "training_rows": pa.Column(
            "int64", pa.Check.ge(1), description="Examples that it learned from, over all cutoffs."
        ),
        "first_cutoff_on": pa.Column("datetime64[us]", description="The oldest as-of date that it learned from."),
        "last_cutoff_on": pa.Column("datetime64[us]", description="The newest as-of date that it learned from."),
        "horizon_days": pa.Column("int64", pa.Check.ge(1), description="Days from the as-of date on that it predicts."),
        "threshold": _share(
            "The probability from which on to act: the largest F1 on all test cutoffs; null where nothing happened and for other "
            "kinds of targets.",
            nullable=True,
        ),
        "metrics": pa.Column(str, pa.Check.ne(""), description="Its metrics on the newest cutoff, as JSON."),
        "data_version": pa.Column(
            str, pa.Check.ne(""), description="Hash of the features and outcomes that it learned from."
        ),
        "code_version": pa.Column(str, pa.Check.ne(""), description="Hash of the code that trained it."),
        "as_of_on": _AS_OF_ON,
    },
    ["target", "role"],
)

PREDICTION_RELIABILITY = _table(
    "prediction_reliability",
    "How often what was given a probability happened, on every test cutoff. One row per target, cutoff, model and bin of "
    "probabilities that holds any examples.",
    {
        "target": _TARGET,
        "cutoff_on": _CUTOFF_ON,
        "model": _MODEL,
        "bin": pa.Column("int64", pa.Check.in_range(0, BINS - 1), description="Number of the bin, from 0."),
        "lower": _share("Lower bound of the bin's probabilities."),
        "upper": _share("Upper bound of the bin's probabilities."),
        "mean_prediction": _share("Mean probability in the bin."),
        "share": _share("Share of the bin's examples for which it happened."),
        "examples": pa.Column("int64", pa.Check.ge(1), description="Examples in the bin."),
        "as_of_on": _AS_OF_ON,
    },
    ["target", "cutoff_on", "model", "bin"],
)

PREDICTION_GAINS = _table(
    "prediction_gains",
    "What the customers with the highest predictions held, on the newest cutoff: gain and lift curve in ten steps. One row per "
    "target, model and share taken; none where nothing happened.",
    {
        "target": _TARGET,
        "cutoff_on": _CUTOFF_ON,
        "model": _MODEL,
        "taken_share": _share("Share of the examples taken, the highest predictions first."),
        "gain": _share("Share of all that happened, or of the whole amount, that they hold."),
        "lift": _number("gain / taken_share; 1 is no better than chance.", least=0),
        "as_of_on": _AS_OF_ON,
    },
    ["target", "model", "taken_share"],
)

PREDICTION_IMPORTANCE = _table(
    "prediction_importance",
    "How much the champions lean on each feature (permutation importance on the newest cutoff). One row per target and feature.",
    {
        "target": _TARGET,
        "cutoff_on": _CUTOFF_ON,
        "model": _MODEL,
        "feature": pa.Column(str, description="The feature that is shuffled among the customers."),
        "importance": _number(
            f"How far the predictions move when the feature is shuffled, mean of {REPEATS} shuffles of at most {CUSTOMERS} "
            "examples: for a probability the Kullback-Leibler divergence (nats), for an expected number the root mean square, "
            "for a median the mean move, in the target's unit. 0 for a feature that the model does not use.",
            least=0,
        ),
        "importance_sd": _number("Standard deviation over the shuffles.", least=0),
        "rank": pa.Column("int64", pa.Check.ge(1), description="1 is the most important of the target."),
        "as_of_on": _AS_OF_ON,
    },
    ["target", "feature"],
)

PREDICTION_DEPENDENCE = _table(
    "prediction_dependence",
    f"In which direction the champion moves with its {FEATURES_SHOWN} most important features (partial dependence on the newest "
    "cutoff). One row per target, feature and value.",
    {
        "target": _TARGET,
        "model": _MODEL,
        "feature": pa.Column(str, description="The feature that has one value for everybody."),
        "value": _number("That value, a quantile from 5 to 95 %, in the feature's unit."),
        "mean_prediction": _number("Mean prediction then, in the target's unit."),
        "as_of_on": _AS_OF_ON,
    },
    ["target", "feature", "value"],
)

_KIND = pa.Column(
    str, pa.Check.isin([INPUT, SCORE]), description="input: a feature of the customers; score: what a champion says."
)
_FEATURE = pa.Column(str, description="The feature, or for a score the target.")

PREDICTION_BINS = _table(
    "prediction_bins",
    "How inputs and scores were distributed in the training data, to see later if they drift. One row per kind, feature and bin.",
    {
        "kind": _KIND,
        "feature": _FEATURE,
        "bin": pa.Column("int64", pa.Check.ge(0), description="Number of the bin, from 0 for the smallest values."),
        "upper_bound": _number(
            "The bin's upper bound, inclusive, in the feature's unit; null for the last bin, which has none.",
            nullable=True,
        ),
        "share": _share("Share of the training rows with a value that are in the bin."),
        "as_of_on": _AS_OF_ON,
    },
    ["kind", "feature", "bin"],
)

CUSTOMER_PREDICTIONS = _table(
    "customer_predictions",
    "What each customer will do, by the target's champion. One row per customer and target: all customers with a sale in the 90 "
    "days before the as-of date, for value_84d all customers; none where no model could be trained.",
    {
        "customer_id": pa.Column(
            str,
            description="A customer with a sale in the 90 days before as_of_on; for value_84d, any customer who ever ordered.",
        ),
        "target": _target(
            SERVED_TARGETS,
            f"What is predicted: {_WHAT} as a member of the largest campaign of the last 90 days, purchase_28d (1 - churn_28d, by "
            "the same model).",
        ),
        "as_of_on": _AS_OF_ON,
        "model": _MODEL,
        "prediction": pa.Column(
            float,
            pa.Check.in_range(0, float("inf"), include_max=False),
            description="The prediction in the target's unit: a probability, platform currency or days.",
        ),
    },
    ["customer_id", "target"],
    [pa.Check(_is_probability_where_due, error="a probability is at most 1")],
)

CATEGORY_PROPENSITY = _table(
    "category_propensity",
    f"Who will buy in which product category within 28 days, of the {CATEGORIES} categories that most customers bought in the last "
    "90 days. One row per active customer and category.",
    {
        "customer_id": pa.Column(str, description="A customer with a sale in the 90 days before as_of_on."),
        "rank": pa.Column(
            "int64", pa.Check.in_range(1, CATEGORIES), description="1 is the customer's most probable category."
        ),
        "product_category": pa.Column(str, description="Product category as in marts.dim_products."),
        "probability": _share("Probability that the customer buys in the category in the 28 days from as_of_on on."),
        "order_days_90d": pa.Column(
            "int64", pa.Check.ge(0), description="On how many of the 90 days before as_of_on the customer bought in it."
        ),
        "model": _MODEL,
        "as_of_on": _AS_OF_ON,
    },
    ["customer_id", "rank"],
    reason="no model could be trained: the products have no categories, or the history is too short",
)

LIFETIME_VALUES = _table(
    "lifetime_values",
    "What each customer is worth, and what BG/NBD with Gamma-Gamma (Fader, Hardie & Lee 2005; Fader & Hardie 2013) makes of it. "
    "One row per customer who ever ordered; none where no model could be trained.",
    {
        "customer_id": pa.Column(str, unique=True, description="The customer."),
        "as_of_on": _AS_OF_ON,
        "probability_alive": _share("Probability that the customer still orders at all, by BG/NBD."),
        "expected_orders": _number(f"Expected orders in the next {VALUE_DAYS} days, by BG/NBD.", least=0),
        "expected_order_amount": _number("Expected amount of an order, platform currency, by Gamma-Gamma.", least=0),
        "bg_nbd_value": _number(
            f"expected_orders * expected_order_amount: sales in {VALUE_DAYS} days, platform currency.", least=0
        ),
        "model": _MODEL,
        "value": _number(
            f"Expected sales in {VALUE_DAYS} days, platform currency, by the champion of {VALUE}; the number to use.",
            least=0,
        ),
        "value_364d": _number(
            "Expected sales in 364 days, platform currency: value times the orders that BG/NBD expects in 364 days over those in "
            f"{VALUE_DAYS}. An extrapolation: with one year of data it cannot be checked.",
            least=0,
        ),
    },
    ["customer_id"],
)

PREDICTION_HISTORY = _table(
    "prediction_history",
    f"What was served, beside what the best baseline said, kept for {KEPT_DAYS} days to be compared with what happened. "
    "One row per as-of date, target and customer.",
    {
        "customer_id": pa.Column(str, description="The customer."),
        "target": _target(WATCHED, f"What was predicted: {_WHAT}; campaign_response is not kept."),
        "as_of_on": pa.Column(
            "datetime64[us]", description="The day it was served for; only orders before it were read."
        ),
        "model": _MODEL,
        "prediction": _number("The served prediction, in the target's unit.", least=0),
        "baseline_model": _MODEL,
        "baseline_prediction": _number("What the best baseline said, in the target's unit.", least=0),
        "known_on": pa.Column("datetime64[us]", description="The day from which on the outcome is known."),
    },
    ["as_of_on", "target", "customer_id"],
)

PREDICTION_OUTCOMES = _table(
    "prediction_outcomes",
    "How good served predictions turned out to be once their horizon was over, beside the baseline. One row per as-of date of the "
    "prediction, target and metric.",
    {
        "as_of_on": pa.Column("datetime64[us]", description="The day that the predictions were served for."),
        "target": _target(WATCHED, "What was predicted, as in forecasts.prediction_history."),
        "model": _MODEL,
        "metric": pa.Column(
            str, description="As in forecasts.prediction_leaderboard; without precision, recall and f1."
        ),
        "value": _number("The served model's metric, in the unit of the metric."),
        "baseline_value": _number("The baseline's metric, in the unit of the metric."),
        "customers": pa.Column("int64", pa.Check.ge(1), description="Customers predicted."),
        "is_worse": pa.Column(
            bool, description="True where the metric decides between models and the baseline was better by it."
        ),
    },
    ["as_of_on", "target", "metric"],
    reason="no earlier prediction's horizon is over yet",
)

PREDICTION_DRIFT = _table(
    "prediction_drift",
    "How far inputs and scores of a day are from those of the training data (population stability index). One row per as-of date, "
    "kind and feature; kept for every as-of date.",
    {
        "as_of_on": pa.Column("datetime64[us]", description="The day of the inputs and scores."),
        "kind": _KIND,
        "feature": _FEATURE,
        "psi": _number(
            "Population stability index; below 0.1 no change, above 0.2 a change to act on. Null without reference bins.",
            nullable=True,
            least=0,
        ),
        "is_drifting": pa.Column(
            bool, description=f"True where psi is above {DRIFT_LIMIT}, of {LEAST_ROWS} customers or more."
        ),
        "reference_as_of_on": pa.Column(
            "datetime64[us]", nullable=True, description="The as-of date of the training compared with."
        ),
    },
    ["as_of_on", "kind", "feature"],
)
