"""Whether what is served can still be trusted: drift against the training data, and what came of earlier predictions.

Drift is the population stability index (`dmp_assets.analysis.drift`) of every input and of every score against the rows that the
served models learned from. Accuracy is known once the horizon of a prediction is over; it is compared with what the target's best
baseline said on the same day.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from dmp_assets.analysis.drift import feature_drift
from dmp_assets.forecasts.customers.champions import BASELINE
from dmp_assets.forecasts.customers.examples import served_outcomes
from dmp_assets.forecasts.customers.frames import INPUT, SCORE, table
from dmp_assets.forecasts.customers.metrics import METRICS, metrics
from dmp_assets.forecasts.customers.predictions import score
from dmp_assets.forecasts.customers.schema import PREDICTION_DRIFT, PREDICTION_HISTORY, PREDICTION_OUTCOMES
from dmp_assets.forecasts.customers.targets import TARGETS, WATCHED, Target

GROWING = frozenset(
    {"tenure_days", "frequency", "monetary_amount", "product_count", "campaign_count", "redemption_count"}
)
"""Inputs that can only grow while a customer stays: they drift by themselves and raise no alarm."""


def served_today(
    predictions: pd.DataFrame,
    features: Mapping[str, pd.DataFrame],
    models: pd.DataFrame,
    *,
    targets: Mapping[str, Target] = TARGETS,
) -> pd.DataFrame:
    """Return what is served of the WATCHED targets beside what their baselines say: forecasts.prediction_history.

    Args:
        predictions: from `predictions.predict`.
        features: as for `predictions.predict`.
        models: as for `predictions.predict`.
        targets: what is predicted, by name.
    """
    tables = []
    for name in (name for name in features if name in WATCHED):
        found = score(features[name], name, models, targets=targets, role=BASELINE)
        if found is None:
            continue
        said = features[name][["customer_id"]].assign(baseline_model=found[0], baseline_prediction=found[1])
        rows = predictions[predictions["target"] == name].merge(said, on="customer_id", validate="one_to_one")
        tables.append(rows.assign(known_on=rows["as_of_on"] + pd.Timedelta(days=targets[name].horizon_days)))
    return table(tables, PREDICTION_HISTORY)


def realised(history: pd.DataFrame, outcomes: pd.DataFrame, *, targets: Mapping[str, Target] = TARGETS) -> pd.DataFrame:
    """Return how good the predictions of each day were whose horizon is over, beside the baseline's.

    Args:
        history: forecasts.prediction_history, rows of any days.
        outcomes: customer_id, as_of_on, target, outcome, from `examples.served_outcomes`; only days whose horizon is over.
        targets: what is predicted, by name.

    Returns:
        forecasts.prediction_outcomes, one row per day, target and metric that is defined. is_worse: the deciding metric, and
        whether by it the baseline was better; false for the other metrics.
    """
    rows = history.merge(outcomes, on=["customer_id", "as_of_on", "target"], validate="one_to_one")
    found = []
    for _, group in rows.groupby(["as_of_on", "target"], sort=True):
        as_of_on, name = group[["as_of_on", "target"]].iloc[0]
        kind = targets[name].kind
        outcome = group["outcome"].to_numpy(dtype=bool if kind == "probability" else float)
        weights = np.full((1, len(group)), 1 / len(group))
        values = metrics(kind, group["prediction"].to_numpy(), outcome, weights)
        others = metrics(kind, group["baseline_prediction"].to_numpy(), outcome, weights)
        for metric, (value,) in values.items():
            other = others[metric][0]
            if np.isnan(value) or np.isnan(other):
                continue
            is_worse = metric == METRICS[kind][0] and (value < other if metric == "r2" else value > other)
            found.append((as_of_on, name, group["model"].iloc[0], metric, value, other, len(group), is_worse))
    measured = pd.DataFrame.from_records(found, columns=list(PREDICTION_OUTCOMES.columns))
    return table([measured], PREDICTION_OUTCOMES).sort_values(["as_of_on", "target", "metric"], ignore_index=True)


def drift(features: pd.DataFrame, predictions: pd.DataFrame, bins: pd.DataFrame) -> pd.DataFrame:
    """Return how far inputs and scores of a day are from those of the training: forecasts.prediction_drift.

    Args:
        features: today's customers with the inputs, and as_of_on.
        predictions: from `predictions.predict` of the same day.
        bins: from `training.train`.
    """
    tables = []
    inputs = list(bins.loc[bins["kind"] == INPUT, "feature"].drop_duplicates())
    if len(features) and inputs:
        tables.append(feature_drift(features, inputs, bins[bins["kind"] == INPUT]).assign(kind=INPUT))
    for name in bins.loc[bins["kind"] == SCORE, "feature"].drop_duplicates():
        rows = predictions[predictions["target"] == name]
        if len(rows):
            scores = rows.rename(columns={"prediction": name})
            tables.append(feature_drift(scores, [name], bins[bins["kind"] == SCORE]).assign(kind=SCORE))
    return table(tables, PREDICTION_DRIFT)


def outcomes_query(history: str, as_of: str) -> str:
    """Return the query of what became of the kept predictions whose horizon is over: customer_id, as_of_on, target, outcome.

    Args:
        history: forecasts.prediction_history.
        as_of: the present, a SQL expression; no order of that day or later is read.
    """
    return " union all ".join(
        served_outcomes(f"(select * from {history} where target = '{name}' and known_on <= {as_of})", name)
        for name in WATCHED
    )
