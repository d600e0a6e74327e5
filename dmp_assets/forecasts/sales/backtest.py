"""Rolling-origin backtest: forecast again and again from earlier weeks and compare with what was sold (Tashman, 2000).

A window is named by the weeks held back from the end of the data:

* 0: nothing held back, the forecast that is served;
* `horizon`: the held-out window. Accuracy and coverage are reported on it and nothing is chosen or calibrated on it;
* 2 x `horizon` and more, in steps of two weeks: the selection windows, all ending before the held-out weeks begin.
  Champions are chosen and intervals calibrated on them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from dmp_assets.forecasts.sales.models import AUTO_ARIMA, AUTO_ARIMA_LEVELS, MODELS, forecast_histories
from dmp_assets.forecasts.sales.series import KEYS, MIN_TRAINING_WEEKS

# With a year of data and a horizon of eight weeks, steps of two weeks from ten weeks of training on give fourteen
# windows. Steps of four weeks chose slightly worse champions (held-out MASE 1.316 against 1.312).
STEP_WEEKS = 2
SELECTION_WINDOWS = 14

# A series that hardly ever changes is scaled by one percent of its mean week, and by a cent at least, so that no error
# is divided by nothing.
MIN_SCALE_SHARE = 0.01
MIN_SCALE_AMOUNT = 0.01


def one_step_scale(sales: np.ndarray) -> float:
    """Return the mean absolute error of the one-step naive forecast within a history (USD), the denominator of MASE.

    Hyndman and Koehler (2006), equation 6. Never below one percent of the history's mean week nor below one cent, so a
    constant history has a scale too.
    """
    return max(float(np.abs(np.diff(sales)).mean()), MIN_SCALE_SHARE * abs(float(sales.mean())), MIN_SCALE_AMOUNT)


def rolling_forecasts(series: pd.DataFrame, horizon: int, n_jobs: int = 1) -> pd.DataFrame:
    """Return every model's forecasts from the end of the data and from the backtest's earlier origins.

    Args:
        series: as in `SelectedSeries.series`.
        horizon: weeks to forecast.
        n_jobs: processes; see `forecast_histories`.

    Returns:
        One row per series, window, week and model: level, series_id, weeks_held_back, date (Monday), model, mean (USD),
        scale (USD, of the history used), actual (USD; missing where weeks_held_back is 0). A window whose history would
        be shorter than ten weeks is left out for that series.

    Raises:
        ArithmeticError: if a model returns anything but a finite number.
    """
    histories = _histories(series, horizon)
    forecasts = forecast_histories(histories, horizon, n_jobs)
    windows = histories.groupby("unique_id").agg(
        level=("level", "first"),
        series_id=("series_id", "first"),
        weeks_held_back=("weeks_held_back", "first"),
        scale=("y", lambda sales: one_step_scale(sales.to_numpy())),
    )
    actual = series.rename(columns={"week_start_on": "date", "sales_amount": "actual"})
    wide = (
        forecasts.rename(columns={"ds": "date"})
        .astype({"date": "datetime64[us]"})
        .merge(windows, left_on="unique_id", right_index=True)
        .merge(actual, on=[*KEYS, "date"], how="left")
    )
    keys = [*KEYS, "weeks_held_back", "date"]
    long = wide.melt(id_vars=[*keys, "scale", "actual"], value_vars=MODELS, var_name="model", value_name="mean")
    long = long[(long["model"] != AUTO_ARIMA) | long["level"].isin(AUTO_ARIMA_LEVELS)]
    is_wrong = ~np.isfinite(long["mean"])
    if is_wrong.any():
        row = long[is_wrong].iloc[0]
        raise ArithmeticError(f"{row['model']} has no finite forecast of {row['level']} '{row['series_id']}'.")
    return long.sort_values([*keys, "model"], ignore_index=True)


def window_scores(backtest: pd.DataFrame) -> pd.DataFrame:
    """Return the errors of each series, model and window.

    Args:
        backtest: rows of `rolling_forecasts` with an actual amount.

    Returns:
        level, series_id, model, weeks_held_back, mae (USD), mase (mean absolute error over the history's one-step naive
        error).
    """
    errors = backtest.assign(mae=(backtest["actual"] - backtest["mean"]).abs())
    errors["mase"] = errors["mae"] / errors["scale"]
    return errors.groupby([*KEYS, "model", "weeks_held_back"], as_index=False)[["mae", "mase"]].mean()


def _histories(series: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Return one history per series and window: unique_id, level, series_id, weeks_held_back, ds, y."""
    weeks = series.groupby(KEYS)["week_start_on"]
    length = weeks.transform("size")
    weeks_to_end = weeks.cumcount(ascending=False)
    selection = range(2 * horizon, 2 * horizon + SELECTION_WINDOWS * STEP_WEEKS, STEP_WEEKS)
    histories = pd.concat(
        series[(weeks_to_end >= held_back) & (length - held_back >= MIN_TRAINING_WEEKS)].assign(
            weeks_held_back=held_back
        )
        for held_back in [0, horizon, *selection]
    ).rename(columns={"week_start_on": "ds", "sales_amount": "y"})
    histories["unique_id"] = histories.groupby([*KEYS, "weeks_held_back"]).ngroup()
    return histories.sort_values(["unique_id", "ds"], ignore_index=True)
