"""What is done every day: the chosen model of each series on the newest data, made to add up, with intervals.

And the notebook's way in, `forecast`.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from dmp_assets.forecasts.sales.backtest import rolling_forecasts
from dmp_assets.forecasts.sales.coherence import reconciled
from dmp_assets.forecasts.sales.frequencies import FREQUENCIES, Frequency
from dmp_assets.forecasts.sales.intervals import BOUNDS, REACHES, add_intervals
from dmp_assets.forecasts.sales.schema import FORECAST_HISTORY, SALES_FORECASTS
from dmp_assets.forecasts.sales.series import KEYS, known_periods
from dmp_assets.forecasts.sales.training import champion_forecasts, train
from dmp_assets.platform.emptiness import empty_table

SERVED_COLUMNS = list(dict.fromkeys([*SALES_FORECASTS.columns, *FORECAST_HISTORY.columns]))


def forecast_sales(
    sales: pd.DataFrame,
    as_of_on: date,
    frequency: Frequency,
    models: pd.DataFrame,
    horizon: int | None = None,
    n_jobs: int = 1,
) -> pd.DataFrame:
    """Forecast every trained series by its model from the newest data.

    Nothing that happened on `as_of_on` or later is read. A series that the training does not know is part of its level's '(others)'
    until the next training.

    Args:
        sales: rows of marts.fct_weekly_sales or marts.fct_daily_sales; see `select_series`.
        as_of_on: the first day that is not known.
        frequency: of the rows.
        models: `Trained.models` of the same frequency.
        horizon: periods to forecast, 1 or more (default: the frequency's).
        n_jobs: processes for the model fits.

    Returns:
        The columns of forecasts.sales_forecasts, `horizon` rows per series, sorted; and what a later comparison needs: naive
        (currency), the baseline's forecast made the same day, and scale (currency), see `naive_scale`. No rows where no series was
        long enough to be trained.

    Raises:
        ValueError: the rows are not as described in `known_periods`, or hold none of the trained series.
    """
    horizon = frequency.horizon if horizon is None else horizon
    own = models[~models["is_pooled"]]
    if own.empty:
        return pd.concat([empty_table(SALES_FORECASTS), empty_table(FORECAST_HISTORY)])[SERVED_COLUMNS]
    series = known_periods(sales, as_of_on, frequency).merge(own[[*KEYS, "is_intermittent"]], on=KEYS)
    if series.empty:
        raise ValueError(f"The {frequency.name} sales hold no series that a model was chosen for: train again.")
    rolled = rolling_forecasts(series, frequency, horizon, [0], n_jobs, own)
    forecasts = champion_forecasts(rolled, own, frequency)
    forecasts = forecasts.merge(models[[*KEYS, *REACHES]], on=KEYS)
    forecasts = add_intervals(reconciled(forecasts))
    forecasts = forecasts.assign(frequency=frequency.name, as_of_on=pd.Timestamp(as_of_on).as_unit("us"))
    forecasts = forecasts.sort_values([*KEYS, "date"], ignore_index=True)
    return forecasts[SERVED_COLUMNS]


def forecast(
    frame: pd.DataFrame, frequency: str = "weekly", horizon: int | None = None, *, fill_gaps: bool = False
) -> pd.DataFrame:
    """Forecast any series: every model backtested, the best of each series on the newest data, with calibrated intervals.

    In a notebook:

        import pandas as pd
        from dmp_assets.forecasts.sales.forecast import forecast

        frame = pd.read_csv("sales.csv", parse_dates=["ds"])  # unique_id, ds, y
        ahead = forecast(frame, "daily", horizon=14)

    Args:
        frame: unique_id (text), ds (date on which the period begins; a Monday if weekly), y (an amount, net of returns it may be
            below 0); one row per series and period, in any order, without gaps, all series ending in the same period.
        frequency: 'weekly' or 'daily'.
        horizon: periods to forecast, 1 or more (default: 8 weeks or 28 days).
        fill_gaps: whether a period without a row, from a series' first to the last of all, is one without sales (0), such as the
            Sundays of a shop that is closed then. Else it is an error.

    Returns:
        unique_id, ds, model, mean, lo_80, hi_80, lo_95, hi_95; `horizon` rows per series that is long enough. Of a weekday
        without sales in the last eight weeks all are 0.

    Raises:
        ValueError: an unknown frequency, a missing column, dates as text, a gap or a repeated period, an amount that is not
            finite, or no series long enough.
    """
    if frequency not in FREQUENCIES:
        raise ValueError(f"The frequency must be one of {', '.join(FREQUENCIES)}, not '{frequency}'.")
    missing = [column for column in ("unique_id", "ds", "y") if column not in frame.columns]
    if missing:
        raise ValueError(f"The frame lacks the columns {', '.join(missing)}.")
    if frame.empty:
        raise ValueError("The frame has no rows.")
    if (given := pd.api.types.infer_dtype(frame["ds"])) not in ("datetime64", "datetime", "date"):
        raise ValueError(
            f"ds must hold dates, not {given} such as {frame['ds'].iloc[0]!r}, which may be read in two ways: say how, with "
            "pd.to_datetime(frame['ds'], format='%d/%m/%Y') for example."
        )
    kind = FREQUENCIES[frequency]
    sales = pd.DataFrame(
        {
            "level": "series",
            "series_id": frame["unique_id"].astype(str),
            kind.column: pd.to_datetime(frame["ds"]),
            "sales_amount": frame["y"],
            kind.whole_column: True,
        }
    )
    if fill_gaps:
        sales = _filled(sales, kind)
    as_of_on = (sales[kind.column].max() + kind.length).date()
    models = train(sales, as_of_on, kind, horizon).models
    if models.empty:
        fewest = kind.min_periods(kind.horizon if horizon is None else horizon)
        longest = int(sales.groupby("series_id").size().max())
        raise ValueError(
            f"No series is long enough: each needs {fewest} {kind.period}s, and the longest has {longest}. Give more history or "
            f"shorten the horizon: {longest} {kind.period}s allow {max((longest - kind.min_periods(0)) // 2, 0)}."
        )
    ahead = forecast_sales(sales, as_of_on, kind, models, horizon)
    ahead = ahead.rename(columns={"series_id": "unique_id", "date": "ds"})
    return ahead[["unique_id", "ds", "model", "mean", *BOUNDS]]


def _filled(sales: pd.DataFrame, frequency: Frequency) -> pd.DataFrame:
    """Return the rows with one of amount 0 for each absent period from a series' first to the last of all."""
    last = sales[frequency.column].max()
    firsts = sales.groupby(KEYS)[frequency.column].min()
    periods = [
        pd.DataFrame(
            {"level": level, "series_id": name, frequency.column: pd.date_range(first, last, freq=f"{frequency.days}D")}
        )
        for (level, name), first in firsts.items()
    ]
    filled = pd.concat(periods).merge(sales, on=[*KEYS, frequency.column], how="outer")
    return filled.fillna({"sales_amount": 0.0}).assign(**{frequency.whole_column: True})
