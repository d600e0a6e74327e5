"""Single periods that say nothing of the next ones: an amount typed in wrongly, one order of a reseller, one great refund.

A model that learns from such a period, or is chosen or calibrated on it, forecasts it again for months. So what lies beyond the
fence of a series' history is taken for what was sold a week before, and no model is asked to have foreseen it. What is reported as
sold, and the accuracy on the held-out periods, stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

FAR = 10.0
"""As many times as far from the middle as the farthest usual amount, and as the middle is from 0. Of the demo's 792 series two days
and no week lie beyond; with 5, nine days and five weeks."""

ALLOWED_SHARE, LEAST_ALLOWED = 0.01, 2
"""So many of a history's periods may be spikes; more of them are usual, such as a new level or a monthly order."""

LEAST_SALES = 10
"""Fewer periods with sales do not tell what is usual."""


def fence(history: np.ndarray) -> float:
    """Return how far from its middle, the median of what is not 0, an amount of a series may be (currency).

    Infinity where too few periods with sales tell it.

    Args:
        history: amounts by period, float64.
    """
    sold = history[history != 0]
    if len(sold) < LEAST_SALES:
        return np.inf
    middle = float(np.median(sold))
    distances = np.sort(np.abs(sold - middle))
    allowed = max(int(ALLOWED_SHARE * len(history)), LEAST_ALLOWED)
    return FAR * max(float(distances[-allowed - 1]), abs(middle))


def is_spike(amounts: np.ndarray, history: np.ndarray) -> np.ndarray:
    """Return which amounts of a series lie beyond the fence of its history: bool, one per amount; one of 0 never does."""
    sold = history[history != 0]
    middle = float(np.median(sold)) if len(sold) else 0.0
    return (amounts != 0) & (np.abs(amounts - middle) > fence(history))


def without_spikes(histories: pd.DataFrame, periods: int) -> pd.Series:
    """Return y with each spike replaced by the amount `periods` before, of the first ones by that after.

    Args:
        histories: unique_id, y (currency), is_spike; sorted by unique_id and date, without gaps.
        periods: a week.
    """
    amounts = histories["y"]
    if not histories["is_spike"].any():
        return amounts
    place = histories.groupby("unique_id").cumcount() % periods
    known = amounts.mask(histories["is_spike"]).groupby([histories["unique_id"], place])
    return known.ffill().fillna(known.bfill()).fillna(amounts)
