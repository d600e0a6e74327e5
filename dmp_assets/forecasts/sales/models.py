"""The forecasting models, from statsforecast but for those of `repeats`, and why each is here.

Mean MASE on the fixed protocols (Complete Journey, 2017, categories; `benchmarks.forecast_protocol`; smaller is better):

============================  ==========  ===========  =============
model                         224 weekly  the same,    118 daily,
                              series      three        56 days from
                                          windows      2017-11-06
============================  ==========  ===========  =============
naive                              1.417        1.242          2.026
seasonal naive (4 weeks, 7 d)      1.445        1.195          1.262
window average (4 weeks)           1.317        1.048          1.081
seasonal window average                                        1.015
simple exponential smoothing       1.309        1.045          1.110
Holt                               1.399        1.201
Holt-Winters without trend                                     1.001
calendar Holt-Winters                                          0.995
dynamic optimised theta            1.305        1.052          1.012
Croston, SBA                       1.438        1.065
IMAPA                              1.319        1.042
ensemble (mean of its members)     1.302        1.039          0.992
calendar ensemble                  1.301        1.027          0.987
============================  ==========  ===========  =============

* Weekly, the window average, simple smoothing, the dynamic optimised theta method (Fiorucci et al., International Journal of
  Forecasting 32, 2016) and their mean tie within noise. Daily, Holt-Winters (ETS with additive error and season: the level
  and each weekday smoothed) ties with its mean with the seasonal window average.
* The calendar models are others times the month's cycle (`calendar`). The calendar ensemble is better than every other model beyond
  noise over the three windows; by week in November and December alone it ties with the ensemble, by day with calendar Holt-Winters.
* Holt's trend loses by week; daily, theta costs more than Holt-Winters and is not better: both are fitted for the total and
  the departments only. AutoARIMA took 1.2 s of a processor for fifteen fits of the weekly total, theta 0.02 s, and is not ahead
  there (selection error 0.799, theta 0.798, the window average 0.795): it is fitted for the weekly total only, as the classic
  that people ask for, and serves where it wins. On the 224 weekly series one window took it 24 s (MASE 1.361),
  and there are fifteen. By day seven fits took 47 s, and it was no better than Holt-Winters there (0.783
  against 0.768 over six windows): left out. AutoETS and AutoTheta cost many times their own special cases and are behind
  them.
* Regular series that every model loses to the naive forecast on are served by the last usual week (`repeats`), and series known for
  more than a year may be by last year's weeks times the growth.
* Croston (1972), its correction by Syntetos and Boylan (SBA, 2005) and IMAPA (Petropoulos and Kourentzes, 2015) serve
  intermittent series.
* A global LightGBM on lags alone has 1.341 by week (three windows 1.040), averaged with simple smoothing 1.314 (1.028): left
  out, as the calendar ensemble has 1.301 (1.027) without it. With the number of mailers and displays of each category and week as
  regressors it has 1.282 (1.011); but that needs to know them eight weeks ahead, and the data end where the forecasts begin.
  intermediate.int_promotions, which holds only what was bought, must not be used for it: with it the same model seems to have
  1.240 (0.976), by telling the future.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
import pandas as pd

from dmp_assets.forecasts.sales.calendar import month_cycles
from dmp_assets.forecasts.sales.frequencies import Frequency
from dmp_assets.forecasts.sales.repeats import last_usual_week, last_year

NAIVE = "naive"
SEASONAL_NAIVE = "seasonal_naive"
WINDOW_AVERAGE = "window_average"
SEASONAL_AVERAGE = "seasonal_window_average"
SES = "simple_exponential_smoothing"
CROSTON = "croston"
CROSTON_SBA = "croston_sba"
IMAPA = "imapa"
HOLT = "holt"
HOLT_WINTERS = "holt_winters"
THETA = "dynamic_optimised_theta"
ENSEMBLE = "ensemble"
CALENDAR_HOLT_WINTERS = "calendar_holt_winters"
CALENDAR_ENSEMBLE = "calendar_ensemble"
AUTO_ARIMA = "auto_arima"
LAST_USUAL = "last_usual_week"
LAST_YEAR = "last_year_times_growth"

# Simplest first: where two models do equally well the earlier one is preferred.
MODELS = [
    NAIVE,
    SEASONAL_NAIVE,
    LAST_USUAL,
    WINDOW_AVERAGE,
    SEASONAL_AVERAGE,
    LAST_YEAR,
    SES,
    CROSTON,
    CROSTON_SBA,
    IMAPA,
    HOLT,
    HOLT_WINTERS,
    CALENDAR_HOLT_WINTERS,
    THETA,
    ENSEMBLE,
    CALENDAR_ENSEMBLE,
    AUTO_ARIMA,
]

INTERMITTENT_MODELS = [NAIVE, SEASONAL_NAIVE, WINDOW_AVERAGE, SES, CROSTON, CROSTON_SBA, IMAPA]
REGULAR_MODELS = {
    "weekly": [NAIVE, SEASONAL_NAIVE, LAST_USUAL, WINDOW_AVERAGE, SES, THETA, ENSEMBLE, CALENDAR_ENSEMBLE],
    "daily": [
        *[NAIVE, SEASONAL_NAIVE, LAST_USUAL, WINDOW_AVERAGE, SEASONAL_AVERAGE, SES],
        *[HOLT_WINTERS, CALENDAR_HOLT_WINTERS, ENSEMBLE, CALENDAR_ENSEMBLE],
    ],
}
ENSEMBLE_MEMBERS = {
    "weekly": [WINDOW_AVERAGE, SES, THETA],
    "daily": [SEASONAL_AVERAGE, HOLT_WINTERS],
}
WITH_CALENDAR = {CALENDAR_HOLT_WINTERS: HOLT_WINTERS, CALENDAR_ENSEMBLE: ENSEMBLE}
"""Models times the month's cycle."""

REPEATING = {LAST_USUAL: last_usual_week, LAST_YEAR: last_year}
"""Models of our own, by history; the others are statsforecast's."""

EXTRA_MODELS = {
    "weekly": {HOLT: ["total", "department"], AUTO_ARIMA: ["total"]},
    "daily": {THETA: ["total", "department"]},
}
"""Models that cost more than they earn on many series, with the levels whose regular series they are fitted for."""

# Below this many histories starting a second process costs more than it saves.
MIN_PARALLEL_FITS = 400


def forecast_histories(
    histories: pd.DataFrame,
    models: Sequence[str],
    frequency: Frequency,
    horizon: int,
    n_jobs: int = 1,
    cycles: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the models' forecasts of the periods that follow each history.

    Args:
        histories: unique_id (integer), ds (on which the period begins), y (currency): one history per unique_id, without gaps;
            sorted.
        models: names from MODELS.
        frequency: of the histories.
        horizon: periods to forecast.
        n_jobs: processes for the models that take long; see `processes`.
        cycles: `month_cycles` of these and other histories (default: of these).

    Returns:
        unique_id, ds and one column per model (currency; below 0 only where the history is), `horizon` rows per history, sorted.

    Raises:
        ArithmeticError: if a model returns anything but a finite number.
    """
    needed = {WITH_CALENDAR.get(model, model) for model in models}
    members = ENSEMBLE_MEMBERS[frequency.name] if ENSEMBLE in needed else []
    fitted = [model for model in MODELS if model in {*needed, *members} and model not in (ENSEMBLE, *REPEATING)]
    quick = [model for model in fitted if model not in (HOLT, HOLT_WINTERS, THETA, AUTO_ARIMA)]
    slow = [model for model in fitted if model not in quick]
    parts = [_repeated(histories, sorted(REPEATING.keys() & needed), frequency, horizon)]
    if quick:
        parts.append(_forecast(histories, quick, frequency, horizon, 1))
    if slow:
        is_worth_it = histories["unique_id"].nunique() >= MIN_PARALLEL_FITS
        parts.append(_forecast(histories, slow, frequency, horizon, n_jobs if is_worth_it else 1))
    forecasts = reduce(lambda one, other: one.merge(other, on=["unique_id", "ds"]), parts)
    if members:
        forecasts[ENSEMBLE] = forecasts[members].mean(axis=1)
    if any(model in WITH_CALENDAR for model in models):
        cycles = month_cycles(histories, frequency, horizon) if cycles is None else cycles
        forecasts["last"] = forecasts["unique_id"].map(histories.groupby("unique_id")["ds"].max())
        forecasts = forecasts.merge(cycles, on=["last", "ds"], how="left")
        for model in WITH_CALENDAR.keys() & set(models):
            forecasts[model] = forecasts[WITH_CALENDAR[model]] * forecasts["factor"]
    is_wrong = forecasts[list(models)].isna().any()
    if is_wrong.any():
        raise ArithmeticError(f"{is_wrong.idxmax()} has no finite forecast of a history.")
    return forecasts[["unique_id", "ds", *models]]


def _forecast(
    histories: pd.DataFrame, models: list[str], frequency: Frequency, horizon: int, n_jobs: int
) -> pd.DataFrame:
    """Return unique_id, ds and one column per model; sales that never were below 0 are not forecast there."""
    from statsforecast import StatsForecast

    forecaster = StatsForecast(
        models=[_model(name, frequency) for name in models], freq=frequency.offset, n_jobs=n_jobs
    )
    forecasts = pd.DataFrame(forecaster.forecast(df=histories[["unique_id", "ds", "y"]], h=horizon))
    least = histories.groupby("unique_id")["y"].min()
    lower = np.where(forecasts["unique_id"].map(least) < 0, -np.inf, 0.0)
    forecasts[models] = forecasts[models].astype(float).clip(lower=pd.Series(lower, forecasts.index), axis=0)
    return forecasts


def _repeated(histories: pd.DataFrame, models: list[str], frequency: Frequency, horizon: int) -> pd.DataFrame:
    """Return unique_id, ds and one column per model of REPEATING."""
    by_history = histories.groupby("unique_id")
    amounts = np.split(histories["y"].to_numpy(dtype=float), by_history.size().cumsum().to_numpy()[:-1])
    last = by_history["ds"].last()
    steps = pd.to_timedelta(np.arange(1, horizon + 1) * frequency.days, unit="D")
    ahead = {"unique_id": np.repeat(last.index, horizon), "ds": np.add.outer(last.to_numpy(), steps.to_numpy()).ravel()}
    week = 7 // frequency.days
    return pd.DataFrame(
        ahead | {model: np.concatenate([REPEATING[model](own, week, horizon) for own in amounts]) for model in models}
    )


def _model(name: str, frequency: Frequency) -> object:
    """Return a statsforecast model under our name."""
    # Imported here: statsforecast takes about five seconds to load.
    from statsforecast import models as m

    # Without a season (season_length=1) every week follows the same rule.
    season = frequency.season if frequency.days == 1 else 1
    makers = {
        NAIVE: lambda: m.Naive(alias=name),
        SEASONAL_NAIVE: lambda: m.SeasonalNaive(season_length=frequency.season, alias=name),
        WINDOW_AVERAGE: lambda: m.WindowAverage(window_size=frequency.average, alias=name),
        SEASONAL_AVERAGE: lambda: m.SeasonalWindowAverage(
            season_length=frequency.season, window_size=frequency.seasonal_average, alias=name
        ),
        SES: lambda: m.SimpleExponentialSmoothingOptimized(alias=name),
        CROSTON: lambda: m.CrostonClassic(alias=name),
        CROSTON_SBA: lambda: m.CrostonSBA(alias=name),
        IMAPA: lambda: m.IMAPA(alias=name),
        HOLT: lambda: m.Holt(alias=name),
        # Additive, without trend; error, trend and season chosen automatically cost twenty times as much.
        HOLT_WINTERS: lambda: m.AutoETS(season_length=season, model="ANA", alias=name),
        THETA: lambda: m.DynamicOptimizedTheta(season_length=season, alias=name),
        AUTO_ARIMA: lambda: m.AutoARIMA(season_length=season, alias=name),
    }
    return makers[name]()
