"""What is done once a week: backtest every model on every series, choose, calibrate, and measure on what nothing was chosen on."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from dmp_assets.forecasts.sales.accuracy import measure_accuracy
from dmp_assets.forecasts.sales.backtest import (
    POOLED,
    POOLED_MODEL,
    TOTAL,
    Backtest,
    held_back_periods,
    rolling_forecasts,
    window_scores,
)
from dmp_assets.forecasts.sales.champions import choose_champions
from dmp_assets.forecasts.sales.coherence import reconciled
from dmp_assets.forecasts.sales.frequencies import Frequency
from dmp_assets.forecasts.sales.intervals import add_intervals, calibrate
from dmp_assets.forecasts.sales.models import MODELS
from dmp_assets.forecasts.sales.schema import EXCLUDED_SERIES, FORECAST_ACCURACY, FORECAST_BACKTEST, FORECAST_MODELS
from dmp_assets.forecasts.sales.series import KEYS, select_series
from dmp_assets.platform.emptiness import empty_table


class Trained(NamedTuple):
    """What `train` returns; every column is described in `schema.py`.

    Attributes:
        models: forecasts.forecast_models, one row per series that is forecast.
        accuracy: forecasts.forecast_accuracy, one row per level, series, model and metric.
        excluded: forecasts.excluded_series, one row per series that is not forecast alone, with the reason.
        backtest: forecasts.forecast_backtest, one row per series and held-out period.
    """

    models: pd.DataFrame
    accuracy: pd.DataFrame
    excluded: pd.DataFrame
    backtest: pd.DataFrame


def train(
    sales: pd.DataFrame, as_of_on: date, frequency: Frequency, horizon: int | None = None, n_jobs: int = 1
) -> Trained:
    """Choose the model of every series, calibrate its intervals, and measure what is served.

    Nothing that happened on `as_of_on` or later is read. Champions are chosen and intervals calibrated on backtest
    windows that end before the last `horizon` periods; these are held out to measure accuracy and coverage. Then the held-out
    window joins the others, and what serves is chosen on all: a model that the newest periods speak against is not served on.

    Args:
        sales: rows of marts.fct_weekly_sales or marts.fct_daily_sales; see `select_series`.
        as_of_on: the first day that is not known.
        frequency: of the rows.
        horizon: periods to forecast, 1 or more (default: the frequency's).
        n_jobs: processes for the model fits.

    Returns:
        See `Trained`; only excluded series where none is long enough.

    Raises:
        ValueError: if `horizon` is not positive, or the rows are not as described in `select_series`.
    """
    horizon = frequency.horizon if horizon is None else horizon
    if horizon < 1:
        raise ValueError(f"The horizon must be at least one {frequency.period}, not {horizon}.")
    series, excluded = select_series(sales, as_of_on, frequency, horizon)
    stamp = {"frequency": frequency.name, "as_of_on": pd.Timestamp(as_of_on).as_unit("us")}
    excluded = excluded.assign(**stamp)[list(EXCLUDED_SERIES.columns)]
    if series.empty:
        models, accuracy, backtest = map(empty_table, (FORECAST_MODELS, FORECAST_ACCURACY, FORECAST_BACKTEST))
        return Trained(models, accuracy, excluded, backtest)
    backtest = rolling_forecasts(series, frequency, horizon, held_back_periods(frequency, horizon), n_jobs)
    scores = window_scores(backtest)
    selection_scores = scores[scores["periods_held_back"] >= 2 * horizon]
    choices = choose_champions(selection_scores, frequency.baseline)

    served = champion_forecasts(backtest, choices[choices["is_champion"]], frequency)
    is_selection = served["periods_held_back"] >= 2 * horizon
    served = reconciled(served)
    is_telling = is_selection & ~served["is_pooled"] & ~served["is_closed"] & served["actual"].notna()
    reach = calibrate(served[is_telling])
    served = add_intervals(served.merge(reach, left_on="group", right_index=True, how="left"))

    is_held_out = (served["periods_held_back"] == horizon) & ~served["is_pooled"]
    held_out_scores = scores[scores["periods_held_back"] == horizon]
    held_out = served[is_held_out].sort_values([*KEYS, "date"], ignore_index=True)
    accuracy = measure_accuracy(held_out_scores, held_out, choices, frequency.baseline)
    chosen = choose_champions(scores, frequency.baseline)
    return Trained(
        models=_models(chosen, reach).assign(**stamp)[list(FORECAST_MODELS.columns)],
        accuracy=accuracy.assign(**stamp)[list(FORECAST_ACCURACY.columns)],
        excluded=excluded,
        backtest=held_out.assign(**stamp)[list(FORECAST_BACKTEST.columns)],
    )


def champion_forecasts(backtest: Backtest, champions: pd.DataFrame, frequency: Frequency) -> pd.DataFrame:
    """Return the forecasts of one model per series, a pooled series by its fixed model.

    Args:
        backtest: of `rolling_forecasts`.
        champions: level, series_id, model and, if known, stand_in, whose forecasts are taken where a window's history was too
            short for the model; other columns are ignored.
        frequency: of the backtest.

    Returns:
        The windows' columns, date, actual, is_closed, model, base_mean (currency), naive (currency; the baseline's forecast),
        group (of series whose intervals are calibrated together).
    """
    names = [*KEYS, *(column for column in ("model", "stand_in") if column in champions)]
    windows = backtest.windows.reset_index().merge(champions[names], on=KEYS, how="left")
    windows["model"] = windows["model"].where(~windows["is_pooled"], POOLED_MODEL)
    windows["group"] = interval_groups(windows)
    forecasts = backtest.forecasts.merge(windows, on="unique_id").drop(columns="unique_id")
    forecasts["base_mean"] = _forecasts_of(forecasts, "model")
    if "stand_in" in names:
        forecasts["base_mean"] = forecasts["base_mean"].fillna(_forecasts_of(forecasts, "stand_in"))
    naive = forecasts[frequency.baseline]
    return forecasts.drop(columns=MODELS).assign(naive=naive)


def _forecasts_of(forecasts: pd.DataFrame, column: str) -> pd.Series:
    """Return the forecast of the model that a column names; none where it names none or the model is not fitted."""
    place = pd.Index(MODELS).get_indexer(forecasts[column])
    found = forecasts[MODELS].to_numpy()[np.arange(len(forecasts)), place]
    return pd.Series(np.where(place >= 0, found, np.nan), forecasts.index)


def interval_groups(series: pd.DataFrame) -> pd.Series:
    """Return the group of every series: those whose intervals are calibrated together, the total with the departments."""
    kind = series["is_intermittent"].map({True: " intermittent", False: " regular"})
    return series["level"].replace(TOTAL, "department") + kind


def _models(choices: pd.DataFrame, reach: pd.DataFrame) -> pd.DataFrame:
    """Return one row per series, and per level that is split one for the series too young to be forecast alone."""
    own = choices[choices["is_champion"]].assign(is_pooled=False)
    levels = sorted(set(own["level"]) - {TOTAL}) if (own["level"] == TOTAL).any() else []
    pooled = pd.DataFrame(
        {
            "level": levels,
            "series_id": [f"{level}:{POOLED}" for level in levels],
            "model": POOLED_MODEL,
            "level_model": POOLED_MODEL,
            "reason": "the series too young to be forecast alone, together: nothing to choose on",
            "is_intermittent": False,
            "is_pooled": True,
            "windows": 0,
        }
    )
    table = pd.concat([own, pooled], ignore_index=True).astype({"windows": "int64"})
    table["group"] = interval_groups(table)
    # A group without a backtest of its own (young series only) gets the widest reach.
    table = table.merge(reach, left_on="group", right_index=True, how="left").fillna(reach.max().to_dict())
    return table.sort_values(KEYS, ignore_index=True)
