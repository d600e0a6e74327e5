"""Yesterday's forecasts against today's sales: what the served forecasts turned out to be worth."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pandas as pd

from dmp_assets.forecasts.sales.accuracy import ALL_SERIES, SERVED
from dmp_assets.forecasts.sales.backtest import POOLED
from dmp_assets.forecasts.sales.frequencies import FREQUENCIES
from dmp_assets.forecasts.sales.schema import REALISED_ACCURACY
from dmp_assets.forecasts.sales.series import KEYS, known_periods

# A forecast is kept until its last day is known and a week more: eight weeks ahead from the first whole week.
HISTORY_DAYS = 70

# The alarm: half as much error again as the backtest promised, or 95 % intervals that cover ten points less than they did
# there. The weeks before Christmas, the hardest of the year, had 1.3 times the error of the windows before them.
ERROR_LIMIT = 1.5
COVERAGE_SLACK = 0.10
# Fewer known points (series x periods) say nothing.
LEAST_POINTS = 28


def realised_accuracy(
    history: pd.DataFrame, sales: Mapping[str, pd.DataFrame], accuracy: pd.DataFrame, as_of_on: date
) -> pd.DataFrame:
    """Return how good earlier forecasts were on the periods that have ended since.

    Only forecasts made before `as_of_on` and periods that ended by then are read.

    Args:
        history: forecasts.forecast_history.
        sales: by frequency ('weekly', 'daily') the rows of the mart; see `known_periods`.
        accuracy: forecasts.forecast_accuracy, what the backtest promises.
        as_of_on: the first day that is not known.

    Returns:
        The columns of `schema.REALISED_ACCURACY`, one row per day of a forecast, frequency and level of which at least one period
        is known.
    """
    as_of = pd.Timestamp(as_of_on)
    made = history[(history["as_of_on"] < as_of) & ~history["series_id"].str.endswith(POOLED)]
    known = pd.concat(
        known_periods(rows, as_of_on, FREQUENCIES[name]).assign(frequency=name) for name, rows in sales.items()
    )
    points = made.merge(known, on=["frequency", *KEYS, "date"])
    error = points["mean"] - points["sales_amount"]
    points = points.rename(columns={"as_of_on": "forecast_as_of_on"}).assign(
        mase=error.abs() / points["scale"],
        naive_mase=(points["naive"] - points["sales_amount"]).abs() / points["scale"],
        error_amount=error.abs(),
        bias_amount=error,
        coverage_80=points["sales_amount"].between(points["lo_80"], points["hi_80"]).astype(float),
        coverage_95=points["sales_amount"].between(points["lo_95"], points["hi_95"]).astype(float),
    )
    table = points.groupby(["forecast_as_of_on", "frequency", "level"], as_index=False).agg(
        series_count=("series_id", "nunique"),
        point_count=("date", "size"),
        mase=("mase", "mean"),
        naive_mase=("naive_mase", "mean"),
        error_amount=("error_amount", "sum"),
        bias_amount=("bias_amount", "sum"),
        sold=("sales_amount", "sum"),
        coverage_80=("coverage_80", "mean"),
        coverage_95=("coverage_95", "mean"),
    )
    # Where nothing was sold, or the naive forecast made no error, there is nothing to compare with.
    sold = table["sold"].where(table["sold"] > 0)
    naive = table["naive_mase"].where(table["naive_mase"] > 0)
    table = table.assign(
        wmape=table["error_amount"] / sold,
        bias=(table["bias_amount"] / sold).clip(lower=-1),
        improvement_over_naive_pct=100 * (1 - table["mase"] / naive),
    )
    table = table.merge(_promises(accuracy), on=["frequency", "level"], how="left")
    is_far_off = (table["mase"] > ERROR_LIMIT * table["promised_mase"]) | (
        table["coverage_95"] < table["promised_coverage_95"] - COVERAGE_SLACK
    )
    table["is_alarming"] = is_far_off & (table["point_count"] >= LEAST_POINTS)
    table = table.sort_values(["forecast_as_of_on", "frequency", "level"], ignore_index=True)
    table = table.assign(as_of_on=as_of.as_unit("us"))[list(REALISED_ACCURACY.columns)]
    return table.astype(
        {"series_count": "int64", "point_count": "int64", "is_alarming": bool, "forecast_as_of_on": "datetime64[us]"}
    )


def _promises(accuracy: pd.DataFrame) -> pd.DataFrame:
    """Return frequency, level, promised_mase, promised_coverage_95 of what is served."""
    rows = accuracy[(accuracy["series_id"] == ALL_SERIES) & (accuracy["model"] == SERVED)]
    wide = rows.pivot_table(index=["frequency", "level"], columns="metric", values="value").reset_index()
    wide = wide.rename(columns={"mase": "promised_mase", "coverage_95": "promised_coverage_95"})
    return wide.reindex(columns=["frequency", "level", "promised_mase", "promised_coverage_95"])
