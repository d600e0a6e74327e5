"""Rolling-origin backtest: forecast again and again from earlier days and compare with what was sold (Tashman, 2000).

A window is named by the periods held back from the end of the data:

* 0: nothing held back, the forecast that is served;
* `horizon`: the held-out window. Accuracy and coverage are reported of what was chosen and calibrated without it;
* 2 x `horizon` and more: the selection windows, all ending before the held-out periods begin. Champions are chosen and
  intervals calibrated on them.

Series too young for a window are pooled in it, one pooled series per level, so that each level still adds up to the total.

Models learn from histories without their spikes, and a spike in a selection window counts for nothing (`spikes`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
import pandas as pd

from dmp_assets.forecasts.sales.calendar import is_closed_day, month_cycles
from dmp_assets.forecasts.sales.frequencies import Frequency
from dmp_assets.forecasts.sales.models import (
    EXTRA_MODELS,
    INTERMITTENT_MODELS,
    LAST_YEAR,
    MODELS,
    NAIVE,
    REGULAR_MODELS,
    SEASONAL_NAIVE,
    WINDOW_AVERAGE,
    forecast_histories,
)
from dmp_assets.forecasts.sales.repeats import least_history
from dmp_assets.forecasts.sales.series import KEYS
from dmp_assets.forecasts.sales.spikes import is_spike, without_spikes

TOTAL = "total"

# Named like the series of its level: 'store:(others)'.
POOLED = "(others)"

# A pooled series is a changing mix of young series: nothing to choose a model on.
POOLED_MODEL = WINDOW_AVERAGE
POOLED_MODELS = [NAIVE, SEASONAL_NAIVE, POOLED_MODEL]

# A series that hardly ever changes is scaled by one percent of its mean, and by a cent at least, so that no error is
# divided by nothing.
MIN_SCALE_SHARE = 0.01
MIN_SCALE_AMOUNT = 0.01

AMOUNTS = ["error_amount", "bias_amount", "actual_amount"]

# Sums of cents as doubles: a difference below half a cent is none.
LEAST_AMOUNT = 0.005


class Backtest(NamedTuple):
    """Forecasts from several origins.

    Attributes:
        windows: one row per series and window, the index unique_id: level, series_id, periods_held_back, is_intermittent,
            is_pooled, has_negatives (whether the history has amounts below 0), scale (currency; see `naive_scale`).
        forecasts: one row per unique_id and date: actual (currency; missing after the end of the data, and for a spike in a
            selection window), is_closed (of the weekday, see `is_closed_day`: all forecasts are 0) and one column per model
            (currency), missing where the model is not fitted.
    """

    windows: pd.DataFrame
    forecasts: pd.DataFrame


def naive_scale(sales: np.ndarray, lag: int) -> float:
    """Return the mean absolute error of the naive forecast of `lag` periods before within a history (currency).

    The denominator of MASE: Hyndman and Koehler (2006), equation 6. Never below one percent of the history's mean nor below
    one cent, so a constant history has a scale too.
    """
    errors = np.abs(sales[lag:] - sales[:-lag])
    mean_error = float(errors.mean()) if len(errors) else 0.0
    return max(mean_error, MIN_SCALE_SHARE * abs(float(sales.mean())), MIN_SCALE_AMOUNT)


def held_back_periods(frequency: Frequency, horizon: int) -> list[int]:
    """Return the windows of the backtest: the held-out one, then the selection windows."""
    first = 2 * horizon
    return [horizon, *range(first, first + frequency.selection_windows * frequency.step, frequency.step)]


def rolling_forecasts(
    series: pd.DataFrame,
    frequency: Frequency,
    horizon: int,
    held_back: Sequence[int],
    n_jobs: int = 1,
    chosen: pd.DataFrame | None = None,
) -> Backtest:
    """Return the models' forecasts of every series from the given windows.

    Args:
        series: as in `SelectedSeries.series`.
        frequency: of the series.
        horizon: periods to forecast.
        held_back: the windows, in periods held back from the end of the data. A series whose history would be shorter than
            `frequency.min_training` is pooled in a window; without a total it is left out of it.
        n_jobs: see `forecast_histories`.
        chosen: level, series_id, model of every series, to fit that model and the baseline only (default: all models).

    Raises:
        ValueError: if the series of a level, none of which is ever below 0, add up to more than the total.
        ArithmeticError: if a model returns anything but a finite number.
    """
    sales, windows = _split_windows(series, frequency, horizon, held_back)
    is_history = sales["date"] < sales["origin"]
    histories = sales[is_history].rename(columns={"date": "ds", "sales_amount": "y"})
    windows["has_negatives"] = histories.groupby("unique_id")["y"].min() < 0
    histories["y"] = without_spikes(histories, 7 // frequency.days)
    windows["scale"] = histories.groupby("unique_id")["y"].agg(
        lambda sold: naive_scale(sold.to_numpy(), frequency.scale_lag)
    )
    cycles = month_cycles(histories, frequency, horizon)
    is_long = histories.groupby("unique_id").size() >= least_history(7 // frequency.days, horizon)
    fits = _all_models(windows, is_long, frequency) if chosen is None else _chosen(windows, chosen, frequency)
    parts = [
        forecast_histories(_of(histories, ids), models, frequency, horizon, n_jobs, cycles) for models, ids in fits
    ]
    forecasts = reduce(pd.DataFrame.combine_first, [part.set_index(["unique_id", "ds"]) for part in parts])
    is_foreseeable = ~sales["is_spike"] | (sales["unique_id"].map(windows["periods_held_back"]) == horizon)
    actual = sales[~is_history & is_foreseeable].set_index(["unique_id", "date"])["sales_amount"]
    forecasts["actual"] = actual.reindex(forecasts.index)
    forecasts = forecasts.reindex(columns=["actual", *MODELS]).sort_index().reset_index()
    forecasts["is_closed"] = _is_closed(histories, forecasts, windows, frequency)
    forecasts.loc[forecasts["is_closed"], MODELS] *= 0.0
    forecasts = forecasts.rename(columns={"ds": "date"})
    return Backtest(windows, forecasts.astype({"date": "datetime64[us]"}))


def _is_closed(
    histories: pd.DataFrame, forecasts: pd.DataFrame, windows: pd.DataFrame, frequency: Frequency
) -> pd.Series:
    """Return which forecasts are of a day on which the series, or the total of its window, has no sales."""
    is_closed = pd.Series(is_closed_day(histories, forecasts, frequency), index=forecasts.index)
    is_total = forecasts["unique_id"].map(windows["level"]) == TOTAL
    window = [forecasts["unique_id"].map(windows["periods_held_back"]), forecasts["ds"]]
    return is_closed | (is_closed & is_total).groupby(window).transform("any")


def window_scores(backtest: Backtest) -> pd.DataFrame:
    """Return the errors of each series, window and model, where the actual amounts are known; pooled series left out.

    Returns:
        level, series_id, is_intermittent, periods_held_back, model, mae (currency), mase (mean absolute error over the scale),
        rmsse (root mean squared error over the scale), selection_error (mase, of an intermittent series rmsse), error_amount
        (currency, sum of the absolute errors), bias_amount (currency, forecasts minus actual amounts), actual_amount (currency).
    """
    forecasts = backtest.forecasts.dropna(subset="actual").set_index("unique_id")
    ids = forecasts.index
    errors = forecasts[MODELS].sub(forecasts["actual"], axis=0)
    wide = {
        "mae": errors.abs().groupby(ids).mean(),
        "rmse": (errors**2).groupby(ids).mean().pow(0.5),
        "error_amount": errors.abs().groupby(ids).sum(),
        "bias_amount": errors.groupby(ids).sum(),
    }
    table = wide["mae"].melt(var_name="model", ignore_index=False)[["model"]]
    table = table.assign(**{name: values.melt()["value"].to_numpy() for name, values in wide.items()})
    # A model that is not fitted has no error.
    table = table.dropna(subset="mae").join(forecasts["actual"].groupby(ids).sum().rename("actual_amount"))
    table = table.join(backtest.windows[~backtest.windows["is_pooled"]], how="inner")
    table["mase"] = table["mae"] / table["scale"]
    table["rmsse"] = table["rmse"] / table["scale"]
    table["selection_error"] = table["mase"].where(~table["is_intermittent"], table["rmsse"])
    errors_of = ["mae", "mase", "rmsse", "selection_error"]
    columns = [*KEYS, "is_intermittent", "periods_held_back", "model", *errors_of, *AMOUNTS]
    return table[columns].sort_values([*KEYS, "periods_held_back", "model"], ignore_index=True)


def _all_models(
    windows: pd.DataFrame, is_long: pd.Series, frequency: Frequency
) -> Iterator[tuple[list[str], pd.Index]]:
    """Yield the models to fit together with the windows to fit them on; `is_long`: more than a year is known, by window."""
    is_pooled, is_intermittent = windows["is_pooled"], windows["is_intermittent"]
    is_regular = ~is_pooled & ~is_intermittent
    kinds = [
        (POOLED_MODELS, is_pooled),
        (INTERMITTENT_MODELS, ~is_pooled & is_intermittent),
        (REGULAR_MODELS[frequency.name], is_regular),
        ([LAST_YEAR], is_regular & is_long),
        *(
            ([model], is_regular & windows["level"].isin(levels))
            for model, levels in EXTRA_MODELS[frequency.name].items()
        ),
    ]
    return ((models, windows.index[is_kind]) for models, is_kind in kinds if is_kind.any())


def _chosen(windows: pd.DataFrame, chosen: pd.DataFrame, frequency: Frequency) -> Iterator[tuple[list[str], pd.Index]]:
    """Yield the models to fit together with the windows to fit them on: each series' own and, for all, the baseline."""
    yield [frequency.baseline], windows.index
    model = windows.reset_index().merge(chosen[[*KEYS, "model"]], on=KEYS, how="left").set_index("unique_id")["model"]
    model = model.where(~windows["is_pooled"], POOLED_MODEL)
    for name in sorted(set(model) - {frequency.baseline}):
        yield [name], windows.index[model == name]


def _of(histories: pd.DataFrame, ids: pd.Index) -> pd.DataFrame:
    return histories.loc[histories["unique_id"].isin(ids), ["unique_id", "ds", "y"]]


def _split_windows(
    series: pd.DataFrame, frequency: Frequency, horizon: int, held_back: Sequence[int]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the sales of every window (unique_id, date, sales_amount, origin, is_spike) and the windows without their scale."""
    length = series.groupby(KEYS)["date"].transform("size")
    end = series["date"].max() + frequency.length
    parts = []
    for periods in held_back:
        origin = end - periods * frequency.length
        # Nothing after the window's own forecasts says what is pooled in it.
        is_seen = series["date"] < origin + horizon * frequency.length
        is_present = length - periods >= frequency.min_training
        present = series[is_present & is_seen].assign(is_pooled=False)
        part = pd.concat([present, _pooled(series[is_seen], present)])
        parts.append(part.assign(periods_held_back=periods, origin=origin))
    sales = pd.concat(parts, ignore_index=True)
    keys = [*KEYS, "periods_held_back"]
    sales["unique_id"] = sales.groupby(keys).ngroup()
    sales = sales.sort_values(["unique_id", "date"], ignore_index=True)
    windows = sales.groupby("unique_id")[[*keys, "is_intermittent", "is_pooled"]].first()
    sales["is_spike"] = np.concatenate(
        [
            is_spike(amounts, amounts[:known])
            for amounts, known in zip(
                np.split(sales["sales_amount"].to_numpy(), np.cumsum(sales.groupby("unique_id").size())[:-1]),
                (sales["date"] < sales["origin"]).groupby(sales["unique_id"]).sum(),
                strict=True,
            )
        ]
    )
    return sales[["unique_id", "date", "sales_amount", "origin", "is_spike"]], windows.astype(
        {"is_intermittent": bool, "is_pooled": bool}
    )


def _pooled(series: pd.DataFrame, present: pd.DataFrame) -> pd.DataFrame:
    """Return what of the total is in no present series: one series per level for which there is any."""
    is_total = present["level"] == TOTAL
    total = present[is_total].set_index("date")["sales_amount"]
    parts = []
    for level in sorted(set(series["level"]) - {TOTAL}) if len(total) else []:
        sums = present[present["level"] == level].groupby("date")["sales_amount"].sum()
        rest = total - sums.reindex(total.index, fill_value=0.0)
        if rest.min() < -LEAST_AMOUNT and not (series["sales_amount"] < 0).any():
            raise ValueError(
                f"On {rest.idxmin():%Y-%m-%d} the series of the level {level} add up to more than the total: "
                f"every sale must be in the total."
            )
        if rest.abs().max() > LEAST_AMOUNT:
            rest = rest.where(rest.abs() > LEAST_AMOUNT, 0.0)
            parts.append(
                rest.reset_index().assign(
                    level=level, series_id=f"{level}:{POOLED}", is_intermittent=False, is_pooled=True
                )
            )
    return pd.concat(parts) if parts else present.head(0)
