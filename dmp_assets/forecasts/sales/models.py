"""The forecasting models, all from statsforecast, and why each is here.

Mean MASE over 18 rolling windows of eight weeks (Complete Journey, 2017, weekly; smaller is better):

============================  ==============  ==============  =====
model                         273 categories  23 departments  total
============================  ==============  ==============  =====
naive (the baseline)                   1.181           1.123  1.037
seasonal naive, 4 weeks                1.195           1.149  0.913
window average, 4 weeks                1.026           1.012  0.823
simple exponential smoothing           1.021           0.994  0.817
dynamic optimised theta                1.025           1.009  0.804
ensemble                               1.012           0.991  0.810
============================  ==============  ==============  =====

* One year of data holds no second Christmas, so no yearly season is fitted by any model. Seasonal naive repeats the
  last four weeks (the cycle of monthly wages and benefits); only the total shows that cycle.
* Simple exponential smoothing and the dynamic optimised theta method (Fiorucci et al., International Journal of
  Forecasting 32, 2016) are the best single models; the ensemble is the plain mean of those two and the window average.
* AutoARIMA costs a hundred times the theta method. Over eight windows its MASE was 1.089 on departments against 1.027
  for simple exponential smoothing, and 0.864 on the total against 0.877 for theta: it is fitted for the total only.
* AutoETS is left out: 1.070 on the categories and 1.032 on the departments, behind its own special case, simple
  smoothing.
"""

from __future__ import annotations

import pandas as pd

NAIVE = "naive"
ENSEMBLE = "ensemble"
ENSEMBLE_MEMBERS = ["window_average", "simple_exponential_smoothing", "dynamic_optimised_theta"]
AUTO_ARIMA = "auto_arima"
AUTO_ARIMA_LEVELS = ["total"]

# Simplest first: where two models do equally well the earlier one is preferred.
MODELS = [NAIVE, "seasonal_naive", *ENSEMBLE_MEMBERS, ENSEMBLE, AUTO_ARIMA]

SEASON_WEEKS = 4
WINDOW_WEEKS = 4


def forecast_histories(histories: pd.DataFrame, horizon: int, n_jobs: int = 1) -> pd.DataFrame:
    """Return every model's forecast of the weeks that follow each history.

    Args:
        histories: unique_id (integer), level, ds (Monday), y (USD): one history per unique_id, weekly without gaps.
        horizon: weeks to forecast.
        n_jobs: processes. Two were no faster than one on two cores (5.1 s against 5.0 s for 4,700 histories).

    Returns:
        unique_id, ds and one column per model (USD, never below 0), `horizon` rows per history, sorted. auto_arima is
        missing outside the levels it is fitted for.
    """
    # Imported here: statsforecast takes about five seconds to load.
    from statsforecast import models

    # Without a season (season_length=1) every week follows the same rule.
    forecasts = _forecast(
        histories,
        [
            models.Naive(alias=NAIVE),
            models.SeasonalNaive(season_length=SEASON_WEEKS, alias="seasonal_naive"),
            models.WindowAverage(window_size=WINDOW_WEEKS, alias="window_average"),
            models.SimpleExponentialSmoothingOptimized(alias="simple_exponential_smoothing"),
            models.DynamicOptimizedTheta(season_length=1, alias="dynamic_optimised_theta"),
        ],
        horizon,
        n_jobs,
    )
    forecasts[ENSEMBLE] = forecasts[ENSEMBLE_MEMBERS].mean(axis=1)
    forecasts[AUTO_ARIMA] = float("nan")
    dear = histories[histories["level"].isin(AUTO_ARIMA_LEVELS)]
    if not dear.empty:
        arima = _forecast(dear, [models.AutoARIMA(season_length=1, alias=AUTO_ARIMA)], horizon, n_jobs)
        forecasts = forecasts.drop(columns=AUTO_ARIMA).merge(arima, on=["unique_id", "ds"], how="left")
    return forecasts[["unique_id", "ds", *MODELS]]


def _forecast(histories: pd.DataFrame, models: list, horizon: int, n_jobs: int) -> pd.DataFrame:
    """Return unique_id, ds and one column per model; negative sales do not exist, so forecasts stop at 0."""
    from statsforecast import StatsForecast

    forecaster = StatsForecast(models=models, freq="W-MON", n_jobs=n_jobs)
    forecasts = pd.DataFrame(forecaster.forecast(df=histories[["unique_id", "ds", "y"]], h=horizon))
    names = [model.alias for model in models]
    forecasts[names] = forecasts[names].astype(float).clip(lower=0)
    return forecasts
