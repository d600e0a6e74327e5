"""Prediction intervals by split conformal calibration on the backtest's selection windows (Vovk et al., 2005).

Errors of the served (reconciled) forecasts are divided by the series' naive error, so that the series of a group (regular or
intermittent, of a level; the total with the departments) share one calibration. All series of a window share its weather and
holidays: windows repeat, points do not. So the conformal quantile is taken within each window, and the ninetieth percentile over
the windows counts. Below and above the mean are calibrated apart, because sales err further upwards.

A window of fewer than LEAST_ERRORS errors holds no 97.5 % quantile: both intervals would end at its largest error. Where most
windows of a group are so small (a small shop), all are one sample, and beyond the largest error the tail is a normal
distribution's. Where sales are rare nearly every error lies below, and both quantiles are 0; there the 95 % interval ends at the
least error beyond the 80 % one.

Measured on the held-out weeks and days (as of 2018-01-01; no earlier window had seen a November or December), mean
over the series: weekly 82.5 % of 80 and 94.9 % of 95, daily 83.6 % and 95.1 %; categories 77.0 % and 93.8 %, 78.5 % and
92.9 %. Stores have 87 to 88 % of 80: most of them sell next to nothing. One calibration for all levels left the categories at
about 75 % and 72 %.

These weeks were in sight when the groups and the weights of the reconciliation were settled. At two dates that were looked at
once only, when everything was settled (as of 2017-09-11 and 2017-10-09), by level: weekly 78 to 87 % of 80 and 90 to 98 % of
95, daily 80 to 89 % and 95 to 99 %; the total, one series with eight weeks, was covered wholly by week, 96 to 100 % and
100 % by day.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd

COVERAGES = (80, 95)
WINDOW_SHARE = 0.9
LEAST_ERRORS = 39
EQUAL = 1e-9
REACHES = [f"{side}_{coverage}" for coverage in COVERAGES for side in ("below", "above")]
BOUNDS = ["lo_80", "hi_80", "lo_95", "hi_95"]


def conformal_quantile(errors: np.ndarray, share: float) -> float:
    """Return the k-th smallest error with k = ceil((n + 1) x share); never below 0.

    Lei et al., Distribution-Free Predictive Inference for Regression (JASA, 2018), algorithm 2. With k > n it is the largest error,
    which is the quantile n / (n + 1), times what a normal distribution has between this quantile and the share.

    Raises:
        ValueError: if there is no error to learn from.
    """
    if not len(errors):
        raise ValueError("An interval needs at least one backtest error.")
    count = len(errors)
    rank = int(np.ceil((count + 1) * share))
    if rank <= count:
        return max(float(np.partition(errors, rank - 1)[rank - 1]), 0.0)
    tail = NormalDist()
    # Of a single error nothing is known but that it is as good as two.
    told = max(count, 2) / (max(count, 2) + 1)
    return max(float(np.max(errors)), 0.0) * tail.inv_cdf(share) / tail.inv_cdf(told)


def calibrate(backtest: pd.DataFrame) -> pd.DataFrame:
    """Return how far the intervals of each group reach below and above the mean, in units of a series' scale.

    Args:
        backtest: group, periods_held_back, actual, mean, scale; rows of windows that are not used to measure coverage.

    Returns:
        One row per group (the index) with the columns REACHES, all 0 or more.
    """
    errors = (backtest["actual"] - backtest["mean"]) / backtest["scale"]
    usual = errors.groupby([backtest["group"], backtest["periods_held_back"]]).size().groupby("group").median()
    window = backtest["periods_held_back"].where(backtest["group"].map(usual) >= LEAST_ERRORS, 0)
    reach = {}
    for side, sign in (("below", -1), ("above", 1)):
        lower = None
        for coverage in COVERAGES:
            # The part that may fall outside is split evenly between the two sides.
            share = (1 + coverage / 100) / 2
            by_window = (
                (sign * errors)
                .groupby([backtest["group"], window])
                .agg(lambda own, share=share: conformal_quantile(own.to_numpy(), share))
            )
            found = by_window.groupby("group").quantile(WINDOW_SHARE)
            if lower is not None:
                beyond = (sign * errors).where(sign * errors > backtest["group"].map(lower) + EQUAL)
                found = found.where(found > lower + EQUAL, beyond.groupby(backtest["group"]).min().fillna(found))
            reach[f"{side}_{coverage}"] = lower = found
    return pd.DataFrame(reach)[REACHES]


def add_intervals(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return the forecasts with lo_80, hi_80, lo_95, hi_95 (currency) added.

    No bound is below 0 where no sales were. A day on which the shop is closed has no width.

    Args:
        forecasts: mean (currency), scale (currency), has_negatives, is_closed, the columns REACHES (in units of the scale) and any
            other columns.
    """
    bounds = {}
    scale = forecasts["scale"].mask(forecasts["is_closed"], 0.0)
    lowest = np.where(forecasts["has_negatives"], -np.inf, 0.0)
    for coverage in COVERAGES:
        below = forecasts["mean"] - scale * forecasts[f"below_{coverage}"]
        bounds[f"lo_{coverage}"] = np.maximum(below, lowest)
        bounds[f"hi_{coverage}"] = forecasts["mean"] + scale * forecasts[f"above_{coverage}"]
    return forecasts.assign(**bounds)
