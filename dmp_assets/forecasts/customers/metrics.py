"""How good predictions are, for many weightings of the customers at once: a bootstrap draw is a weighting.

Weights are float64, draws x customers, each row with the sum 1. A metric is one value per draw, NaN where a draw does not
define it (a ranking needs both outcomes, R2 amounts that differ).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

BINS = 10

LOG_LOSS = "log_loss"
MAE = "mae"
R2 = "r2"
CALIBRATION_ERROR = "calibration_error"
PROBABILITY_METRICS = (LOG_LOSS, "roc_auc", "pr_auc", "brier", CALIBRATION_ERROR)
AMOUNT_METRICS = (R2, MAE, "bias")

_SMALLEST = 1e-15


def probability_metrics(prediction: np.ndarray, outcome: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return the PROBABILITY_METRICS of predicted probabilities, by name.

    Args:
        prediction: probabilities, one per customer.
        outcome: bool, one per customer.
        weights: draws x customers.

    Returns:
        log_loss (nats), brier (mean squared error), roc_auc, pr_auc (average precision), calibration_error (Guo et al.
        2017: mean over customers of the absolute difference of mean prediction and share of outcomes, in ten bins of
        equal width); one value per draw each.
    """
    roc_auc, pr_auc = _ranking(prediction, outcome, weights)
    return {
        LOG_LOSS: weights @ losses(prediction, outcome, is_probability=True),
        "roc_auc": roc_auc,
        "pr_auc": pr_auc,
        "brier": weights @ (prediction - outcome) ** 2,
        CALIBRATION_ERROR: np.abs(weights @ ((prediction - outcome)[:, None] * _in_bin(prediction))).sum(axis=1),
    }


def amount_metrics(prediction: np.ndarray, outcome: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return the AMOUNT_METRICS of predicted amounts, by name: r2, mae and bias (mean of prediction - outcome) in USD."""
    variance = weights @ outcome**2 - (weights @ outcome) ** 2
    squared_error = weights @ losses(prediction, outcome, is_probability=False)
    is_defined = variance > 1e-9
    return {
        R2: np.where(is_defined, 1 - squared_error / np.where(is_defined, variance, 1), np.nan),
        MAE: weights @ np.abs(prediction - outcome),
        "bias": weights @ (prediction - outcome),
    }


def losses(prediction: np.ndarray, outcome: np.ndarray, *, is_probability: bool) -> np.ndarray:
    """Return each customer's part in what decides between models: log loss (nats) or squared error (USD squared).

    Both are smallest in the mean for the true probability and the true expected value (Gneiting 2011). The absolute error
    is for the median: it prefers amounts that are too low.
    """
    if not is_probability:
        return (prediction - outcome) ** 2
    return -np.log(np.clip(np.where(outcome, prediction, 1 - prediction), _SMALLEST, 1))


def reliability(prediction: np.ndarray, outcome: np.ndarray) -> pd.DataFrame:
    """Return the reliability curve: mean prediction, share of outcomes and customers of each bin that has any."""
    bins = pd.DataFrame({"bin": _in_bin(prediction).argmax(axis=1), "mean_prediction": prediction, "share": outcome})
    return bins.groupby("bin").agg(
        mean_prediction=("mean_prediction", "mean"), share=("share", "mean"), customers=("share", "size")
    )


def _in_bin(prediction: np.ndarray) -> np.ndarray:
    bins = np.minimum((prediction * BINS).astype(int), BINS - 1)
    return np.eye(BINS)[bins]


def _ranking(prediction: np.ndarray, outcome: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the area under the ROC curve and the average precision; equal predictions are one step of both."""
    order = np.argsort(-prediction, kind="stable")
    steps = np.flatnonzero(np.diff(prediction[order], prepend=np.inf))
    hits = np.add.reduceat((weights * outcome)[:, order], steps, axis=1)
    misses = np.add.reduceat((weights * ~outcome)[:, order], steps, axis=1)
    hits_so_far, misses_so_far = hits.cumsum(axis=1), misses.cumsum(axis=1)
    all_hits, all_misses = hits_so_far[:, -1], misses_so_far[:, -1]
    with np.errstate(invalid="ignore", divide="ignore"):
        roc_auc = (misses * (hits_so_far - hits / 2)).sum(axis=1) / (all_hits * all_misses)
        seen = hits_so_far + misses_so_far
        precision = np.where(seen > 0, hits_so_far / np.where(seen > 0, seen, 1), 0)
        pr_auc = (hits * precision).sum(axis=1) / all_hits
    is_defined = (all_hits > 0) & (all_misses > 0)
    return np.where(is_defined, roc_auc, np.nan), np.where(is_defined, pr_auc, np.nan)
