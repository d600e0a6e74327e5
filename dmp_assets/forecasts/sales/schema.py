"""What the tables of the sales forecasts look like; the checks that block a wrong one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.pandas as pa

from dmp_assets.forecasts.sales.accuracy import (
    CHAMPION,
    HELD_OUT_METRICS,
    IMPROVEMENT,
    SELECTION_METRIC,
    SERVED,
)
from dmp_assets.forecasts.sales.frequencies import FREQUENCIES
from dmp_assets.forecasts.sales.models import MODELS
from dmp_assets.platform.emptiness import may_be_empty

LEVELS = ["total", "department", "category", "store"]

_TOO_SHORT = "every series is too short, as forecasts.excluded_series says: a model needs " + " or ".join(
    f"{kind.min_periods(kind.horizon)} whole {kind.period}s" for kind in FREQUENCIES.values()
)

# No error at all.
MAX_IMPROVEMENT_PCT = 100

# Doubles that add up to the cent, and of amounts with too many digits for cents to nearly all their digits.
ROUNDING_AMOUNT = 0.01
ROUNDING_SHARE = 1e-12


def _frequency(description: str = "Length of the periods: weekly or daily.") -> pa.Column:
    return pa.Column(str, pa.Check.isin(list(FREQUENCIES)), description=description)


def _as_of(description: str) -> pa.Column:
    return pa.Column("datetime64[us]", description=description)


def _net(description: str) -> pa.Column:
    """Describe an amount net of returns: below 0 where more came back than was sold."""
    return pa.Column(float, pa.Check(np.isfinite, error="a finite number"), description=description)


def _amount(description: str) -> pa.Column:
    return pa.Column(float, pa.Check.in_range(0, float("inf"), include_max=False), description=description)


def _share(description: str) -> pa.Column:
    return pa.Column(float, pa.Check.in_range(0, 1), description=description)


def _optional(description: str, *checks: pa.Check) -> pa.Column:
    return pa.Column(float, list(checks), nullable=True, description=description)


_SERIES_ID = pa.Column(
    str,
    description=(
        "The department, category or store, or the total. '(others)' of a level are its series too young to be forecast "
        "alone, together."
    ),
)
_LEVEL = pa.Column(str, pa.Check.isin(LEVELS), description="What is added up: total, department, category or store.")
_MODEL = pa.Column(str, pa.Check.isin(MODELS), description="The forecasting method, the champion of the series.")
_DATE = pa.Column("datetime64[us]", description="The day, or the Monday on which the week starts.")
_BOUNDS = {
    "lo_80": _net("Lower bound of the 80 % prediction interval, platform currency; below 0 only where sales were."),
    "hi_80": _net("Upper bound of the 80 % prediction interval, platform currency."),
    "lo_95": _net("Lower bound of the 95 % prediction interval, platform currency; below 0 only where sales were."),
    "hi_95": _net("Upper bound of the 95 % prediction interval, platform currency."),
}
_KNOWN_BEFORE = "Only periods that had ended before this day were used."


def _bounds_are_ordered(frame: pd.DataFrame) -> pd.Series:
    bounds = frame[["lo_95", "lo_80", "mean", "hi_80", "hi_95"]]
    return (bounds.diff(axis=1).iloc[:, 1:] >= 0).all(axis=1)


def _weeks_start_on_monday(frame: pd.DataFrame) -> pd.Series:
    return (frame["frequency"] != "weekly") | (frame["date"].dt.dayofweek == 0)


def _adds_up(frame: pd.DataFrame) -> bool:
    sums = frame.pivot_table(index=["frequency", "date"], columns="level", values="mean", aggfunc="sum")
    if "total" not in sums.columns:
        return True
    parts = sums.drop(columns="total")
    allowed = ROUNDING_AMOUNT + ROUNDING_SHARE * sums["total"].abs()
    return bool(parts.sub(sums["total"], axis=0).abs().fillna(0.0).le(allowed, axis=0).all(axis=None))


def _is_within_metric_range(frame: pd.DataFrame) -> pd.Series:
    is_share = frame["metric"].str.startswith("coverage_")
    is_improvement = frame["metric"] == IMPROVEMENT
    is_bias = frame["metric"] == "bias"
    return (
        (is_share & frame["value"].between(0, 1))
        | (is_improvement & (frame["value"] <= MAX_IMPROVEMENT_PCT))
        | (is_bias & (frame["value"] >= -1))
        | (~is_share & ~is_improvement & ~is_bias & (frame["value"] >= 0))
    )


SALES_FORECASTS = pa.DataFrameSchema(
    {
        "frequency": _frequency(),
        "series_id": _SERIES_ID,
        "level": _LEVEL,
        "date": _DATE,
        "model": _MODEL,
        "mean": _net(
            "Expected sales of the period, platform currency, reconciled: departments, categories and stores each add up to the "
            "total."
        ),
        **_BOUNDS,
        "base_mean": _net("What the model itself expects, before reconciliation, platform currency."),
        "as_of_on": _as_of(_KNOWN_BEFORE),
    },
    checks=[
        pa.Check(_bounds_are_ordered, error="lo_95 <= lo_80 <= mean <= hi_80 <= hi_95"),
        pa.Check(_weeks_start_on_monday, error="a week starts on a Monday"),
        pa.Check(_adds_up, error="departments, categories and stores each add up to the total"),
    ],
    unique=["frequency", "series_id", "date"],
    strict=True,
    ordered=True,
    name="forecasts.sales_forecasts",
    metadata=may_be_empty(_TOO_SHORT),
    description="Weekly and daily sales forecasts with intervals. One row per frequency, series and period ahead.",
)

FORECAST_HISTORY = pa.DataFrameSchema(
    {
        "frequency": _frequency(),
        "series_id": _SERIES_ID,
        "level": _LEVEL,
        "date": _DATE,
        "model": _MODEL,
        "mean": _net("Expected sales of the period as it was served, platform currency."),
        **_BOUNDS,
        "naive": _net(
            "The naive forecast made the same day, platform currency: of the last week, of the same weekday a week before."
        ),
        "scale": _amount(
            "The naive forecast's mean absolute error within the history, platform currency: what errors are divided by."
        ),
        "as_of_on": _as_of("The day of the forecast: only periods that had ended before it were used."),
    },
    checks=pa.Check(_bounds_are_ordered, error="lo_95 <= lo_80 <= mean <= hi_80 <= hi_95"),
    unique=["as_of_on", "frequency", "series_id", "date"],
    strict=True,
    ordered=True,
    name="forecasts.forecast_history",
    metadata=may_be_empty(_TOO_SHORT),
    description=(
        "Every served forecast of the last ten weeks, to be compared with what was sold. One row per as-of date, frequency, "
        "series and period ahead."
    ),
)

REALISED_ACCURACY = pa.DataFrameSchema(
    {
        "forecast_as_of_on": _as_of("The day on which the forecasts were made."),
        "frequency": _frequency(),
        "level": _LEVEL,
        "series_count": pa.Column("int64", pa.Check.ge(1), description="Series compared."),
        "point_count": pa.Column("int64", pa.Check.ge(1), description="Periods compared, over all series."),
        "mase": pa.Column(float, pa.Check.ge(0), description="Mean absolute error over the scale, as served."),
        "naive_mase": pa.Column(float, pa.Check.ge(0), description="The same of the naive forecast made that day."),
        "improvement_over_naive_pct": _optional(
            "100 x (1 - mase / naive_mase). Null where the naive forecast made no error.",
            pa.Check.le(MAX_IMPROVEMENT_PCT),
        ),
        "wmape": _optional("Sum of absolute errors over the sum of sales. Null without sales.", pa.Check.ge(0)),
        "bias": _optional("Sum of forecasts over the sum of sales, minus 1. Null without sales.", pa.Check.ge(-1)),
        "coverage_80": _share("Share of the amounts inside the 80 % interval."),
        "coverage_95": _share("Share of the amounts inside the 95 % interval."),
        "promised_mase": _optional("The held-out mase of the newest training. Null for a level that it does not have."),
        "promised_coverage_95": _optional("The held-out coverage_95 of the newest training; null as promised_mase."),
        "is_alarming": pa.Column(
            bool,
            description=(
                "Whether the error is above 1.5 times the promised one, or coverage_95 more than 10 points below, over at least "
                "28 points."
            ),
        ),
        "as_of_on": _as_of("The day of the comparison: sales before it were known."),
    },
    unique=["forecast_as_of_on", "frequency", "level"],
    strict=True,
    ordered=True,
    name="forecasts.realised_accuracy",
    metadata=may_be_empty("no period of an earlier forecast is over yet"),
    description=(
        "What earlier forecasts turned out to be worth, on the periods known since. One row per day of a forecast, frequency "
        "and level."
    ),
)

FORECAST_ACCURACY = pa.DataFrameSchema(
    {
        "frequency": _frequency(),
        "series_id": pa.Column(
            str,
            description=(
                "The series; over the series of a level: '(all)', '(regular)' and '(intermittent)' (sales in fewer than half of "
                "the periods)."
            ),
        ),
        "level": _LEVEL,
        "model": pa.Column(
            str,
            pa.Check.isin([*MODELS, CHAMPION, SERVED]),
            description=(
                f"The forecasting method; '{SERVED}' is what is served (the champion reconciled), '{CHAMPION}' (over a level) each "
                "series' own before it."
            ),
        ),
        "metric": pa.Column(
            str,
            pa.Check.isin([SELECTION_METRIC, *HELD_OUT_METRICS]),
            description=(
                "On the held-out last periods: mase and rmsse (absolute and root mean squared error over the naive error), mae "
                "(platform currency), wmape, bias, coverage_80 and coverage_95 (share of periods inside the interval), "
                "improvement_over_naive_pct. On the earlier windows: selection_error (mase, of intermittent series rmsse)."
            ),
        ),
        "value": pa.Column(float, description="The metric's value, in the unit of the metric."),
        "series_count": pa.Column("int64", pa.Check.ge(1), description="Series behind the value."),
        "windows": pa.Column("int64", pa.Check.ge(1), description="Backtest windows behind the value."),
        "is_champion": pa.Column(
            bool,
            description="True for the series' champion by the windows before the held-out one; over a level for the level's model.",
        ),
        "as_of_on": _as_of(_KNOWN_BEFORE),
    },
    checks=pa.Check(_is_within_metric_range, error="the value is outside the metric's range"),
    unique=["frequency", "level", "series_id", "model", "metric"],
    strict=True,
    ordered=True,
    name="forecasts.forecast_accuracy",
    metadata=may_be_empty(_TOO_SHORT),
    description=(
        "Backtest accuracy of every model. One row per frequency, level, series, model and metric. AutoARIMA competes for the "
        "weekly total only: it takes sixty times as long as the theta method and is not ahead of it."
    ),
)

_REACH = "of the interval in units of the scale (the naive forecast's mean absolute error)."

FORECAST_MODELS = pa.DataFrameSchema(
    {
        "frequency": _frequency(),
        "series_id": _SERIES_ID,
        "level": _LEVEL,
        "model": _MODEL,
        "reason": pa.Column(
            str,
            pa.Check.str_length(min_value=1),
            description="Why this model: its error and the naive one, on the series and on average over its kind.",
        ),
        "level_model": pa.Column(
            str,
            pa.Check.isin(MODELS),
            description=(
                "The best model of the level's series of this kind (regular or intermittent). Another one serves where this loses "
                "to the naive forecast."
            ),
        ),
        "is_intermittent": pa.Column(bool, description="Whether fewer than half of the periods have sales."),
        "is_pooled": pa.Column(bool, description="Whether this is '(others)' of a level."),
        "selection_error": _optional(
            "The served model's mean error over the windows of the backtest, the held-out one among them (mase, of an intermittent "
            "series rmsse); of a model that the oldest windows had too little history for, its error over the naive one in the "
            "others, times the naive one in all. Null for '(others)'.",
            pa.Check.ge(0),
        ),
        "baseline_error": _optional("The same of the naive forecast. Null for '(others)'.", pa.Check.ge(0)),
        "windows": pa.Column("int64", pa.Check.ge(0), description="Windows of the backtest; 0 for '(others)'."),
        "below_80": _amount(f"How far below the mean the 80 % bound lies, {_REACH}"),
        "above_80": _amount(f"How far above the mean the 80 % bound lies, {_REACH}"),
        "below_95": _amount(f"How far below the mean the 95 % bound lies, {_REACH}"),
        "above_95": _amount(f"How far above the mean the 95 % bound lies, {_REACH}"),
        "as_of_on": _as_of(_KNOWN_BEFORE),
    },
    unique=["frequency", "series_id"],
    strict=True,
    ordered=True,
    name="forecasts.forecast_models",
    metadata=may_be_empty(_TOO_SHORT),
    description=(
        "The model chosen for each series, with the evidence and what the daily forecast needs. One row per frequency and series."
    ),
)

FORECAST_BACKTEST = pa.DataFrameSchema(
    {
        "frequency": _frequency(),
        "series_id": _SERIES_ID,
        "level": _LEVEL,
        "date": _DATE,
        "model": _MODEL,
        "actual": _net("What was sold in the period, platform currency."),
        "mean": _net(
            "What would have been served from the periods before the held-out ones, reconciled, platform currency."
        ),
        **_BOUNDS,
        "naive": _net("The naive forecast from the same periods, platform currency."),
        "as_of_on": _as_of(_KNOWN_BEFORE),
    },
    checks=pa.Check(_bounds_are_ordered, error="lo_95 <= lo_80 <= mean <= hi_80 <= hi_95"),
    unique=["frequency", "series_id", "date"],
    strict=True,
    ordered=True,
    name="forecasts.forecast_backtest",
    metadata=may_be_empty(_TOO_SHORT),
    description=(
        "The last weeks and days as they would have been forecast before them, beside what was sold: periods that neither models "
        "nor intervals were chosen on. One row per frequency, series and held-out period."
    ),
)

EXCLUDED_SERIES = pa.DataFrameSchema(
    {
        "frequency": _frequency(),
        "series_id": _SERIES_ID,
        "level": _LEVEL,
        "whole_period_count": pa.Column(
            "int64", pa.Check.ge(0), description="Whole periods known, from the first sale on."
        ),
        "sale_period_share": _share("Share of these periods with sales, 0 to 1."),
        "sales_amount": _net("Sales of these periods together, platform currency."),
        "reason": pa.Column(str, pa.Check.str_length(min_value=1), description="Why the series is not forecast alone."),
        "as_of_on": _as_of(_KNOWN_BEFORE),
    },
    unique=["frequency", "series_id"],
    strict=True,
    ordered=True,
    name="forecasts.excluded_series",
    metadata=may_be_empty("every series is long enough to be forecast alone"),
    description="Series too short to be forecast alone; they are in '(others)' of their level. One row per frequency and series.",
)
