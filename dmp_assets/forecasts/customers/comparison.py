"""What the models' predictions of the test cutoffs say: metrics with intervals, thresholds, and which model serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dmp_assets.analysis.bootstrap import resamples
from dmp_assets.forecasts.customers.calibration import best_threshold
from dmp_assets.forecasts.customers.champions import challenge, choose_champion
from dmp_assets.forecasts.customers.folds import Fold
from dmp_assets.forecasts.customers.metrics import CALIBRATION_ERROR, losses, metrics
from dmp_assets.forecasts.customers.targets import Target

METRIC_DRAWS = 400
"""Bootstrap draws of the metrics' intervals; the champion is chosen with all of `bootstrap.DRAWS`."""


@dataclass(frozen=True)
class Held:
    """What one model, fitted before a test cutoff, said of it."""

    parameters: str
    prediction: np.ndarray


@dataclass(frozen=True)
class Tests:
    """How a target's models did on its test cutoffs.

    Attributes:
        folds: the test cutoffs, the newest first.
        held: by cutoff and model, what was fitted before it and said of it.
        dropped: by model that could not be fitted before one of them, why.
    """

    folds: list[Fold]
    held: list[dict[str, Held]]
    dropped: dict[str, str]

    def without(self, key: str, why: str) -> Tests:
        """Return the tests as if a model had not been fitted."""
        held = [{other: one for other, one in models.items() if other != key} for models in self.held]
        return Tests(self.folds, held, self.dropped | {key: why})


def choose(
    target: Target, folds: list[Fold], held: list[dict[str, Held]], incumbent: str | None, seed: int
) -> tuple[str, str]:
    """Return the champion and why: the incumbent by the newest cutoff, otherwise the best of all cutoffs together."""
    why_not = ""
    if incumbent is not None:
        newest, draws = _losses(target, folds[:1], held[:1], seed)
        stays, why = challenge(incumbent, newest, target.baselines, draws)
        if stays:
            return incumbent, why
        why_not = f"; {why}"
    everything, draws = _losses(target, folds, held, seed)
    champion, reason = choose_champion(everything, target.baselines, draws)
    return champion, reason + why_not


def thresholds_of(target: Target, folds: list[Fold], held: list[dict[str, Held]], number: int) -> dict[str, float]:
    """Return each model's threshold for a test cutoff, from the cutoffs whose outcomes were known by then.

    Number -1 is the present, for which all are known.
    """
    if target.kind != "probability":
        return {}
    earlier = [
        place
        for place, fold in enumerate(folds)
        if number < 0 or (fold.test["known_on"] <= folds[number].cutoff_on).all()
    ]
    found = {}
    for key in held[max(number, 0)]:
        parts = [(held[p][key].prediction, outcome_of(folds[p].test, target)) for p in earlier if key in held[p]]
        if parts:
            predictions, outcomes = (np.concatenate(values) for values in zip(*parts, strict=True))
            if (threshold := best_threshold(predictions, outcomes)) is not None:
                found[key] = threshold
    return found


def board_of(
    target: Target, fold: Fold, held: Mapping[str, Held], thresholds: Mapping[str, float], seed: int
) -> pd.DataFrame:
    """Return the metrics of every model on one test cutoff with their bootstrap intervals over customers."""
    outcome = outcome_of(fold.test, target)
    codes, customers = pd.factorize(fold.test["customer_id"])
    counts = np.bincount(codes)
    draws = resamples(len(customers), seed, METRIC_DRAWS)
    weights = np.vstack([np.full(len(outcome), 1 / len(outcome)), _rows_of(draws, codes, counts)])
    rows = [
        (fold.cutoff_on, key, metric, *_value_and_interval(metric, values), len(outcome))
        for key, one in held.items()
        for metric, values in metrics(target.kind, one.prediction, outcome, weights, thresholds.get(key)).items()
        if not np.isnan(values[0])
    ]
    return pd.DataFrame.from_records(
        rows, columns=["cutoff_on", "model", "metric", "value", "ci_low", "ci_high", "examples"]
    )


def best_baseline(target: Target, board: pd.DataFrame, newest: Fold) -> str:
    """Return the baseline that is best on the newest cutoff by the metric that decides."""
    deciding = board[(board["cutoff_on"] == newest.cutoff_on) & board["model"].isin(target.baselines)]
    by_metric = deciding.pivot_table(index="model", columns="metric", values="value", sort=False)
    order = {"probability": ("log_loss", True), "mean": ("r2", False), "median": ("mae", True)}
    metric, ascending = order[target.kind]
    if metric not in by_metric:
        return str(by_metric.index[0])
    # Rounded, so that the first of equals is chosen on every processor.
    return str(by_metric[metric].round(9).sort_values(ascending=ascending, kind="stable").index[0])


def outcome_of(examples: pd.DataFrame, target: Target) -> np.ndarray:
    """Return what happened: bool for a probability, otherwise float64, one per row."""
    return examples[target.outcome].to_numpy(dtype=bool if target.kind == "probability" else float)


def _losses(
    target: Target, folds: list[Fold], held: list[dict[str, Held]], seed: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return, by model that competed on all these cutoffs, the mean loss of each customer, and the bootstrap's draws."""
    customers = np.concatenate([fold.test["customer_id"].to_numpy(dtype=object) for fold in folds])
    found = {
        key: _by_customer(
            customers,
            np.concatenate(
                [
                    losses(target.kind, models[key].prediction, outcome_of(fold.test, target))
                    for fold, models in zip(folds, held, strict=True)
                ]
            ),
        )
        for key in held[0]
        if all(key in models for models in held)
    }
    return found, resamples(len(np.unique(customers.astype(str))), seed)


def _rows_of(draws: np.ndarray, codes: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the weights of rows from those of customers: a customer's rows are drawn together."""
    if (counts == 1).all():
        return draws[:, codes]
    weights = draws[:, codes]
    return weights / weights.sum(axis=1, keepdims=True)


def _by_customer(customers: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the mean of each customer's rows."""
    return pd.Series(values).groupby(customers).mean().to_numpy()


def _value_and_interval(metric: str, values: np.ndarray) -> tuple[float, float, float]:
    """Return the value and its interval from the value followed by those of the draws."""
    known = values[1:][~np.isnan(values[1:])]
    if metric == CALIBRATION_ERROR or not len(known):
        return float(values[0]), np.nan, np.nan
    low, high = np.quantile(known, [0.025, 0.975])
    return float(values[0]), float(low), float(high)
