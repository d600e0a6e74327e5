"""What the tables of the customer predictions look like; the checks that block a wrong one."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

from dmp_assets.forecasts.customers.metrics import AMOUNT_METRICS, CALIBRATION_ERROR, PROBABILITY_METRICS
from dmp_assets.forecasts.customers.models import MODELS, TARGETS


def _has_one_champion_per_target(frame: pd.DataFrame) -> bool:
    champions = frame.loc[frame["is_champion"], ["target", "model"]].drop_duplicates()
    return sorted(champions["target"]) == sorted(set(frame["target"]))


def _has_ordered_interval(frame: pd.DataFrame) -> pd.Series:
    is_missing = frame["ci_low"].isna() & frame["ci_high"].isna()
    return (frame["ci_low"] <= frame["ci_high"]) | (is_missing & frame["metric"].eq(CALIBRATION_ERROR))


def _is_within_prediction_metric_range(frame: pd.DataFrame) -> pd.Series:
    is_share = frame["metric"].isin(["roc_auc", "pr_auc", "brier", CALIBRATION_ERROR])
    is_error = frame["metric"].isin(["log_loss", "mae"])
    is_r2 = frame["metric"].eq("r2") & (frame["value"] <= 1)
    return (
        (is_share & frame["value"].between(0, 1))
        | (is_error & (frame["value"] >= 0))
        | is_r2
        | frame["metric"].eq("bias")
    )


def _is_probability_where_due(frame: pd.DataFrame) -> pd.Series:
    probabilities = [name for name, target in TARGETS.items() if target.is_probability]
    return ~frame["target"].isin(probabilities) | frame["prediction"].between(0, 1)


_TARGET = pa.Column(
    str,
    pa.Check.isin(list(TARGETS)),
    description="What is predicted for the 28 days from the as-of date on: churn_28d (no order with a sale, a probability) or "
    "amount_28d (expected sales, USD).",
)
_MODEL = pa.Column(
    str,
    pa.Check.isin(MODELS),
    description="The way to predict. Baselines: recency, order_count (of 90 days; each calibrated by a logistic regression), "
    "last_28_days, rate_90_days; then logistic or ridge, and boosting (gradient-boosted trees).",
)

PREDICTION_LEADERBOARD = pa.DataFrameSchema(
    {
        "target": _TARGET,
        "model": _MODEL,
        "metric": pa.Column(
            str,
            pa.Check.isin([*PROBABILITY_METRICS, *AMOUNT_METRICS]),
            description="churn_28d: log_loss (nats; decides), roc_auc and pr_auc (no row where the newest cutoff has one "
            "outcome only), brier, calibration_error (ten bins of equal width). amount_28d: r2 (decides, as squared error; no "
            "row where all amounts are equal), mae (USD), bias (mean of prediction minus outcome, USD).",
        ),
        "value": pa.Column(float, description="The metric's value, in the unit of the metric."),
        "ci_low": pa.Column(
            float,
            nullable=True,
            description="Lower bound of the 95 % bootstrap interval over customers, in the unit of the metric; null for "
            "calibration_error, which a resample overstates.",
        ),
        "ci_high": pa.Column(
            float, nullable=True, description="Upper bound of the same interval; null for calibration_error."
        ),
        "customers": pa.Column("int64", pa.Check.ge(1), description="Active customers at the newest cutoff."),
        "is_champion": pa.Column(
            bool,
            description="True for the model that serves: the simplest one that the best does not beat beyond noise (paired "
            "bootstrap) and no baseline beats.",
        ),
        "as_of_on": pa.Column(
            "datetime64[us]", description="Only orders before this day (store-local) were learned from and compared on."
        ),
    },
    checks=[
        pa.Check(_has_one_champion_per_target, error="one champion per target"),
        pa.Check(_has_ordered_interval, error="ci_low <= ci_high"),
        pa.Check(_is_within_prediction_metric_range, error="the value is outside the metric's range"),
    ],
    unique=["target", "model", "metric"],
    strict=True,
    ordered=True,
    name="forecasts.prediction_leaderboard",
    description="How good every model was on the newest cutoff with 28 whole days after it, trained on cutoffs that ended "
    "before. One row per target, model and metric; none where there was too little history (less than 56 days of features) to "
    "compare on.",
)

PREDICTION_MODELS = pa.DataFrameSchema(
    {
        "target": pa.Column(str, pa.Check.isin(list(TARGETS)), unique=True, description=_TARGET.description),
        "model": _MODEL,
        "features": pa.Column(
            str, pa.Check.ne(""), description="Names of its features, comma-separated, in their order."
        ),
        "parameters": pa.Column(
            str,
            pa.Check.ne(""),
            description="The fitted model as text: LightGBM's format for boosting, otherwise JSON with link, intercept and "
            "for each feature how it is scaled and its coefficient.",
        ),
        "training_rows": pa.Column(
            "int64", pa.Check.ge(1), description="Customers at an as-of date that it learned from, over all cutoffs."
        ),
        "horizon_days": pa.Column("int64", pa.Check.ge(1), description="Days from the as-of date on that it predicts."),
        "as_of_on": pa.Column(
            "datetime64[us]", description="Only orders before this day (store-local) were learned from."
        ),
    },
    strict=True,
    ordered=True,
    name="forecasts.prediction_models",
    description="The champion of every target, trained on all cutoffs with 28 whole days after them; it predicts on later days "
    "without being trained again. One row per target; none where there was too little history to compare on.",
)

CUSTOMER_PREDICTIONS = pa.DataFrameSchema(
    {
        "customer_id": pa.Column(
            str, description="An active customer: at least one sale in the 90 days before as_of_on."
        ),
        "target": _TARGET,
        "as_of_on": pa.Column("datetime64[us]", description="Only orders before this day (store-local) are used."),
        "model": _MODEL,
        "prediction": pa.Column(
            float,
            pa.Check.in_range(0, float("inf"), include_max=False),
            description="churn_28d: probability, 0 to 1; amount_28d: expected sales, USD.",
        ),
    },
    checks=pa.Check(_is_probability_where_due, error="a probability is at most 1"),
    unique=["customer_id", "target"],
    strict=True,
    ordered=True,
    name="forecasts.customer_predictions",
    description="What each active customer will do in the 28 days from the as-of date on, by the target's champion. One row "
    "per customer and target; none where no model could be trained.",
)
