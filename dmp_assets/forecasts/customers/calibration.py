"""Probabilities that mean what they say, and from which one on to act.

The probabilities are served as the models give them, but for the support vector machine, which has its own sigmoid (Platt 1999).
A sigmoid or an isotonic regression fitted on the test cutoffs before made the log loss worse in six of eight
comparisons each (logistic, churn on 4 December: 0.312 as it is, 0.310, 0.312; on 23 October 0.293,
0.295, 0.299; campaign response on 30 October 0.335, 0.343, 0.349). What was off one month was not off the next.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from dmp_assets.forecasts.customers.metrics import BINS, probability_bin


def reliability(prediction: np.ndarray, outcome: np.ndarray) -> pd.DataFrame:
    """Return the reliability curve: of each bin of equal width that has any customers, one row.

    Args:
        prediction: probabilities, one per customer.
        outcome: bool, one per customer.

    Returns:
        bin (from 0), lower and upper (bounds of the bin), mean_prediction, share (of customers for whom it happened),
        examples (how many).
    """
    rows = pd.DataFrame({"bin": probability_bin(prediction), "mean_prediction": prediction, "share": outcome})
    curve = rows.groupby("bin", as_index=False).agg(
        mean_prediction=("mean_prediction", "mean"), share=("share", "mean"), examples=("share", "size")
    )
    curve.insert(1, "lower", curve["bin"] / BINS)
    curve.insert(2, "upper", (curve["bin"] + 1) / BINS)
    return curve


def best_threshold(prediction: np.ndarray, outcome: np.ndarray) -> float | None:
    """Return the probability from which on to act for the largest F1; the highest of several, None where nothing happened.

    Args:
        prediction: probabilities that a model gave before it knew, one per customer.
        outcome: bool, one per customer.
    """
    if not outcome.any():
        return None
    order = np.argsort(-prediction, kind="stable")
    hits = outcome[order].cumsum()
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + outcome.sum())
    # Equal predictions are on one side of any threshold.
    is_last_of_equals = np.append(np.diff(prediction[order]) != 0, True)
    return float(prediction[order][np.where(is_last_of_equals, f1, -1).argmax()])


def gains(prediction: np.ndarray, outcome: np.ndarray) -> pd.DataFrame:
    """Return the gain and lift of taking the customers with the highest predictions first, in ten steps.

    Args:
        prediction: one per customer.
        outcome: bool, or amounts, of which those below 0 count as 0; one per customer.

    Returns:
        taken_share (of the customers: 0.1 to 1), gain (share of all outcomes, or of the whole amount, that they hold), lift
        (gain over taken_share; 1 is no better than chance). No rows where nothing happened.
    """
    # Who sent back more than they bought holds nothing.
    outcome = np.maximum(outcome, 0)
    total = outcome.sum()
    if total <= 0:
        return pd.DataFrame({"taken_share": [], "gain": [], "lift": []}, dtype=float)
    # Equal predictions share what they hold, so that their order does not matter.
    mean = pd.Series(outcome.astype(float)).groupby(prediction).transform("mean").to_numpy()
    held = np.append(0, mean[np.argsort(-prediction, kind="stable")].cumsum()) / total
    taken_share = np.arange(1, 11) / 10
    gain = np.interp(taken_share * len(prediction), np.arange(len(prediction) + 1), held)
    return pd.DataFrame({"taken_share": taken_share, "gain": np.minimum(gain, 1.0), "lift": gain / taken_share})
