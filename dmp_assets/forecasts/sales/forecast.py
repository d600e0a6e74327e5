"""Weekly sales forecasts: the public function of this domain."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import pandas as pd

from dmp_assets.forecasts.sales.accuracy import measure_accuracy
from dmp_assets.forecasts.sales.backtest import rolling_forecasts, window_scores
from dmp_assets.forecasts.sales.champions import choose_champions
from dmp_assets.forecasts.sales.intervals import add_intervals, calibrate
from dmp_assets.forecasts.sales.series import KEYS, min_week_count, select_series

HORIZON_WEEKS = 8


class SalesForecasts(NamedTuple):
    """What `forecast_sales` returns; every column is described in `schema.py`.

    Attributes:
        forecasts: forecasts.sales_forecasts, `horizon` rows per series and served model.
        accuracy: forecasts.forecast_accuracy, one row per level, series, model and metric.
        excluded: forecasts.excluded_series, one row per series that is not forecast, with the reason.
    """

    forecasts: pd.DataFrame
    accuracy: pd.DataFrame
    excluded: pd.DataFrame


def forecast_sales(
    weekly: pd.DataFrame, as_of_on: date, horizon: int = HORIZON_WEEKS, n_jobs: int = 1
) -> SalesForecasts:
    """Forecast weekly sales with the champion and every other model that did not lose to the naive forecast.

    Nothing that happened on `as_of_on` or later is read. The champion is chosen, and the intervals are calibrated, on
    backtest windows that end before the last `horizon` weeks; these weeks are held out to measure accuracy and
    coverage. The served forecasts then start after the last week, with the same champions and the same calibration as
    were measured.

    Args:
        weekly: rows of marts.fct_weekly_sales; see `select_series`.
        as_of_on: the first day that is not known.
        horizon: weeks to forecast, 1 or more.
        n_jobs: processes for the model fits.

    Raises:
        ValueError: if `horizon` is not positive, the rows are not as described in `select_series`, or no series is long
            enough.
    """
    if horizon < 1:
        raise ValueError(f"The horizon must be at least one week, not {horizon}.")
    series, excluded = select_series(weekly, as_of_on, horizon)
    if series.empty:
        raise ValueError(
            f"No series can be forecast as of {as_of_on}: each needs {min_week_count(horizon)} whole weeks before that "
            f"day, with sales in at least half of them. Load more history or shorten the horizon ({horizon} weeks)."
        )
    rolled = rolling_forecasts(series, horizon, n_jobs)
    selection = rolled[rolled["weeks_held_back"] >= 2 * horizon]
    champions = choose_champions(window_scores(selection))
    rolled = add_intervals(rolled, calibrate(selection))

    accuracy = measure_accuracy(rolled[rolled["weeks_held_back"] == horizon], champions)
    served = champions.loc[champions["is_served"], [*KEYS, "model", "is_champion"]]
    forecasts = rolled[rolled["weeks_held_back"] == 0].merge(served, on=[*KEYS, "model"])
    forecasts = forecasts.sort_values([*KEYS, "model", "date"], ignore_index=True)
    columns = ["series_id", "level", "date", "model", "mean", "lo_80", "hi_80", "lo_95", "hi_95", "is_champion"]
    as_of = pd.Timestamp(as_of_on).as_unit("us")
    return SalesForecasts(
        forecasts=forecasts[columns].assign(as_of_on=as_of),
        accuracy=accuracy[["series_id", "level", *accuracy.columns[2:]]].assign(as_of_on=as_of),
        excluded=excluded[["series_id", "level", *excluded.columns[2:]]].assign(as_of_on=as_of),
    )
