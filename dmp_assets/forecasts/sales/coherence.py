"""Forecasts made to add up: departments, categories and stores each to the total, with the least change to what is known best.

The three levels split the same total; they do not nest (27 of 303 categories are sold in several departments) and have no
common bottom below 35,219 combinations of store, department and category. So the constraint form of minimum trace
reconciliation is solved, without a summing matrix: with the base forecasts y and the diagonal W of their error variances,

    y~ = y - W C' (C W C')^-1 C y,        C y~ = 0

where each row of C says that one level's sum is the total. For splits of one total this has a closed form: the total is the mean of
the level sums and of its own forecast, weighted by their precision (1 / variance), and what a level's sum misses of it is spread
over the level's series in proportion to their variances.

W is the square of each series' naive error. Mean squared backtest errors in its place are ruled by single weeks: intermittent
series of the selection windows err more by them (MASE of weekly stores 3.37 against 3.17, of daily categories 4.00 against 3.79),
all others the same.

Sources: Wickramasuriya, Athanasopoulos and Hyndman (Journal of the American Statistical Association 114, 2019), minimum trace,
WLS with variances; Di Fonzo and Girolimetto (International Journal of Forecasting 39, 2023), constraint form and setting
negative forecasts to zero.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

TOTAL = "total"


def reconciled(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return the forecasts with `mean` (currency): within each window and date the levels add up to the total.

    Args:
        forecasts: periods_held_back (the window), date, level, base_mean (currency), scale (currency; its square stands for the
            variance of the errors), has_negatives (may be below 0), is_closed (stays 0) and any other columns.
    """
    base = pd.DataFrame(
        {
            "group": forecasts.groupby(["periods_held_back", "date"]).ngroup(),
            "level": forecasts["level"],
            "mean": forecasts["base_mean"],
            "error_variance": (forecasts["scale"] ** 2).mask(forecasts["is_closed"], 0.0),
            "has_negatives": forecasts["has_negatives"],
        }
    )
    return forecasts.assign(mean=reconcile(base))


def reconcile(forecasts: pd.DataFrame) -> pd.Series:
    """Return the reconciled means: in every group each level adds up to the total, and none is negative that may not be.

    Args:
        forecasts: group (of forecasts that belong together, such as a window and date; integer), level, mean (currency),
            error_variance (currency squared; what has 0 stays as it is), has_negatives (bool: the mean may be below 0; else
            it is 0 or more). A group without the level 'total' is returned as it is.

    Returns:
        The means, float64, index as given. One that may not be negative is set to 0 and the others are reconciled again.
    """
    mean = forecasts["mean"].to_numpy(dtype=float).copy()
    weight = forecasts["error_variance"].to_numpy(dtype=float).copy()
    is_total = (forecasts["level"] == TOTAL).to_numpy()
    may_be_negative = forecasts["has_negatives"].to_numpy(dtype=bool)
    group = forecasts.groupby("group").ngroup().to_numpy(dtype=int)
    part = forecasts.groupby(["group", "level"]).ngroup().to_numpy(dtype=int)
    groups, parts = group.max(initial=-1) + 1, part.max(initial=-1) + 1
    group_of_part = np.zeros(parts, dtype=int)
    group_of_part[part] = group
    is_total_part = np.zeros(parts, dtype=bool)
    is_total_part[part] = is_total
    has_total = np.bincount(group, weights=is_total, minlength=groups) > 0
    base = mean.copy()
    while True:
        level_sum = np.bincount(part, weights=base, minlength=parts)
        level_weight = np.bincount(part, weights=weight, minlength=parts)
        # A level whose forecasts are all set to 0 says nothing of the total.
        precision = np.divide(1.0, level_weight, out=np.zeros(parts), where=level_weight > 0)
        total = np.bincount(group_of_part, weights=precision * level_sum, minlength=groups)
        total = total / np.maximum(
            np.bincount(group_of_part, weights=precision, minlength=groups), np.finfo(float).tiny
        )
        missing = np.where(is_total_part | has_total[group_of_part], total[group_of_part] - level_sum, 0.0)
        mean = base + weight * (precision * missing)[part]
        is_negative = (mean < 0) & ~may_be_negative
        if not is_negative.any():
            return pd.Series(mean, index=forecasts.index)
        base[is_negative], weight[is_negative] = 0.0, 0.0
