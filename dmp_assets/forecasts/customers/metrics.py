"""How good predictions are, for many weightings of the customers at once: a bootstrap draw is a weighting.

Weights are float64, draws x customers, each row with the sum 1. A metric is one value per draw, NaN where a draw does not
define it (a ranking needs both outcomes, R2 amounts that differ).
"""

from __future__ import annotations

import numpy as np

BINS = 10

LOG_LOSS = "log_loss"
MAE = "mae"
R2 = "r2"
CALIBRATION_ERROR = "calibration_error"
ROC_AUC = "roc_auc"
METRICS = {
    "probability": (LOG_LOSS, ROC_AUC, "pr_auc", "brier", CALIBRATION_ERROR, "precision", "recall", "f1"),
    "mean": (R2, MAE, "bias"),
    "median": (MAE, R2, "share_below"),
}
"""By kind of target, the one that decides first."""

# Shares and mean squares of numbers from 0 to 1. Weights add up to 1 but for rounding, which may carry these past it.
_FROM_0_TO_1 = (ROC_AUC, "pr_auc", "brier", CALIBRATION_ERROR, "precision", "recall", "f1", "share_below")

# A variance below this part of the mean square is the rounding of amounts that are all the same.
_NO_VARIANCE = 1e-12

# A tree may hold something for certain; one surprise must not decide a comparison.
_SMALLEST = 1e-4


def metrics(
    kind: str, prediction: np.ndarray, outcome: np.ndarray, weights: np.ndarray, threshold: float | None = None
) -> dict[str, np.ndarray]:
    """Return the METRICS of a kind of target, by name, one value per draw each.

    Args:
        kind: of METRICS.
        prediction: one per customer.
        outcome: bool for a probability, otherwise numbers; one per customer.
        weights: draws x customers.
        threshold: from which probability on a customer counts as foreseen; without it no precision, recall and f1.

    Returns:
        For a probability: log_loss (nats), brier (mean squared error), roc_auc, pr_auc (average precision),
        calibration_error (Guo et al. 2017: mean over customers of the absolute difference of mean prediction and share of
        outcomes, in ten bins of equal width), precision, recall and f1 at the threshold. For a mean: r2, mae, bias (mean of
        prediction - outcome). For a median: mae, r2, share_below (of outcomes below the prediction; 0.5 is ideal).
    """
    if kind == "probability":
        found = _probability_metrics(prediction, outcome, weights, threshold)
    else:
        found = _amount_metrics(prediction, outcome, weights)
    bounded = {name: np.clip(found[name], 0, 1) for name in _FROM_0_TO_1 if name in found}
    return {name: bounded.get(name, found[name]) for name in METRICS[kind] if name in found}


def _amount_metrics(prediction: np.ndarray, outcome: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    mean_square = weights @ outcome**2
    variance = mean_square - (weights @ outcome) ** 2
    squared_error = weights @ (prediction - outcome) ** 2
    is_defined = variance > _NO_VARIANCE * mean_square
    return {
        R2: np.where(is_defined, 1 - squared_error / np.where(is_defined, variance, 1), np.nan),
        MAE: weights @ np.abs(prediction - outcome),
        "bias": weights @ (prediction - outcome),
        "share_below": weights @ ((outcome < prediction) + 0.5 * (outcome == prediction)),
    }


def _probability_metrics(
    prediction: np.ndarray, outcome: np.ndarray, weights: np.ndarray, threshold: float | None
) -> dict[str, np.ndarray]:
    roc_auc, pr_auc = _ranking(prediction, outcome, weights)
    found = {
        LOG_LOSS: weights @ losses("probability", prediction, outcome),
        ROC_AUC: roc_auc,
        "pr_auc": pr_auc,
        "brier": weights @ (prediction - outcome) ** 2,
        CALIBRATION_ERROR: np.abs(weights @ ((prediction - outcome)[:, None] * _in_bin(prediction))).sum(axis=1),
    }
    if threshold is None:
        return found
    is_foreseen = prediction >= threshold
    hits, foreseen, happened = (weights @ rows for rows in (is_foreseen & outcome, is_foreseen, outcome))
    with np.errstate(invalid="ignore", divide="ignore"):
        # Nothing foreseen and nothing that happened: no such share is defined.
        return found | {
            "precision": np.where(foreseen > 0, hits / foreseen, np.nan),
            "recall": np.where(happened > 0, hits / happened, np.nan),
            "f1": np.where(foreseen + happened > 0, 2 * hits / (foreseen + happened), np.nan),
        }


def losses(kind: str, prediction: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """Return each customer's part in what decides between models: log loss (nats), squared error or absolute error.

    They are smallest in the mean for the true probability, the true expected value and the true median (Gneiting 2011).
    """
    if kind == "probability":
        return -np.log(np.clip(np.where(outcome, prediction, 1 - prediction), _SMALLEST, 1))
    return (prediction - outcome) ** 2 if kind == "mean" else np.abs(prediction - outcome)


def probability_bin(prediction: np.ndarray) -> np.ndarray:
    """Return the number of the bin of equal width, from 0, that each probability is in."""
    return np.minimum((prediction * BINS).astype(int), BINS - 1)


def _in_bin(prediction: np.ndarray) -> np.ndarray:
    return np.eye(BINS)[probability_bin(prediction)]


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
