"""What the tables of the sales forecasts look like; the checks that block a wrong one."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

from dmp_assets.forecasts.sales.accuracy import ALL_SERIES, CHAMPION, HELD_OUT_METRICS, SELECTION_METRIC
from dmp_assets.forecasts.sales.models import MODELS

LEVELS = ["total", "department", "category"]

# No error at all.
MAX_IMPROVEMENT_PCT = 100

_SERIES_ID = pa.Column(str, description="The department or product category, or the total; unique within its level.")
_LEVEL = pa.Column(str, pa.Check.isin(LEVELS), description="What is added up: total, department or category.")
_AS_OF_ON = pa.Column("datetime64[us]", description="Only weeks that had ended before this day were used.")


def _amount(description: str) -> pa.Column:
    return pa.Column(float, pa.Check.in_range(0, float("inf"), include_max=False), description=description)


def _bounds_are_ordered(frame: pd.DataFrame) -> pd.Series:
    bounds = frame[["lo_95", "lo_80", "mean", "hi_80", "hi_95"]]
    return (bounds.diff(axis=1).iloc[:, 1:] >= 0).all(axis=1)


def _has_one_champion(frame: pd.DataFrame) -> bool:
    return bool((frame.groupby(["level", "series_id", "date"])["is_champion"].sum() == 1).all())


def _is_within_metric_range(frame: pd.DataFrame) -> pd.Series:
    is_share = frame["metric"].str.startswith("coverage_")
    is_improvement = frame["metric"] == "improvement_over_naive_pct"
    return (
        (is_share & frame["value"].between(0, 1))
        | (is_improvement & (frame["value"] <= MAX_IMPROVEMENT_PCT))
        | (~is_share & ~is_improvement & (frame["value"] >= 0))
    )


SALES_FORECASTS = pa.DataFrameSchema(
    {
        "series_id": _SERIES_ID,
        "level": _LEVEL,
        "date": pa.Column(
            "datetime64[us]",
            pa.Check(lambda dates: dates.dt.dayofweek == 0, error="a week starts on a Monday"),
            description="The Monday on which the forecast week starts.",
        ),
        "model": pa.Column(str, pa.Check.isin(MODELS), description="The forecasting method."),
        "mean": _amount("Expected sales of the week, USD; never below 0."),
        "lo_80": _amount("Lower bound of the 80 % prediction interval, USD; never below 0."),
        "hi_80": _amount("Upper bound of the 80 % prediction interval, USD."),
        "lo_95": _amount("Lower bound of the 95 % prediction interval, USD; never below 0."),
        "hi_95": _amount("Upper bound of the 95 % prediction interval, USD."),
        "is_champion": pa.Column(
            bool, description="True for the one model to use for this series, chosen by backtest."
        ),
        "as_of_on": _AS_OF_ON,
    },
    checks=[
        pa.Check(_bounds_are_ordered, error="lo_95 <= lo_80 <= mean <= hi_80 <= hi_95"),
        pa.Check(_has_one_champion, error="one champion per level, series and week"),
    ],
    unique=["level", "series_id", "date", "model"],
    strict=True,
    ordered=True,
    name="forecasts.sales_forecasts",
    description="Weekly sales forecasts with intervals. One row per level, series, model and week ahead.",
)

FORECAST_ACCURACY = pa.DataFrameSchema(
    {
        "series_id": pa.Column(
            str, description=f"The series; '{ALL_SERIES}' for the mean over all series of the level."
        ),
        "level": _LEVEL,
        "model": pa.Column(
            str,
            pa.Check.isin([*MODELS, CHAMPION]),
            description=f"The forecasting method; '{CHAMPION}' (with '{ALL_SERIES}' only) for each series' own.",
        ),
        "metric": pa.Column(
            str,
            pa.Check.isin([SELECTION_METRIC, *HELD_OUT_METRICS]),
            description=(
                "On the held-out last weeks: mase (error over the one-step naive error), mae (USD), coverage_80 and "
                "coverage_95 (share of weeks inside the interval), improvement_over_naive_pct. On the earlier windows: "
                "selection_mase."
            ),
        ),
        "value": pa.Column(float, description="The metric's value, in the unit of the metric."),
        "windows": pa.Column("int64", pa.Check.ge(1), description="Backtest windows behind the value."),
        "is_champion": pa.Column(
            bool,
            description=f"True for the series' champion; with '{ALL_SERIES}' for the level's best one model.",
        ),
        "as_of_on": _AS_OF_ON,
    },
    checks=pa.Check(_is_within_metric_range, error="the value is outside the metric's range"),
    unique=["level", "series_id", "model", "metric"],
    strict=True,
    ordered=True,
    name="forecasts.forecast_accuracy",
    description="Backtest accuracy of every model. One row per level, series, model and metric.",
)

EXCLUDED_SERIES = pa.DataFrameSchema(
    {
        "series_id": _SERIES_ID,
        "level": _LEVEL,
        "whole_week_count": pa.Column(
            "int64", pa.Check.ge(0), description="Whole weeks known, from the first sale on."
        ),
        "sale_week_share": pa.Column(
            float, pa.Check.in_range(0, 1), description="Share of these weeks with sales, 0 to 1."
        ),
        "sales_amount": pa.Column(float, description="Sales of these weeks together, USD."),
        "reason": pa.Column(str, pa.Check.str_length(min_value=1), description="Why the series is not forecast."),
        "as_of_on": _AS_OF_ON,
    },
    unique=["level", "series_id"],
    strict=True,
    ordered=True,
    name="forecasts.excluded_series",
    description="Series too short or too sparse to forecast. One row per level and series.",
)
