"""Which model is served for which series, and why.

The error is MASE; of intermittent series it is the root mean squared error over the same scale, as in the M5 competition
(Makridakis, Spiliotis and Assimakopoulos, International Journal of Forecasting 38, 2022): where most periods have no sales,
absolute errors are smallest for a forecast of nothing.

The windows of one series are few and overlap: which model is best on it is mostly chance. So the series of a level that are of one
kind (regular, intermittent) have one model, the best on average over all of them; and whether it loses to the naive forecast on a
series is told by its own windows together with PRIOR_WINDOWS of its kind's. Complete Journey by week, eight weeks ahead from six
dates (June to November 2017), mean MASE of what serves:

==================================================  ==========  ===========  ======
rule                                                categories  departments  stores
==================================================  ==========  ===========  ======
the kind's best model                                    0.994        0.938   0.777
the series' own best, if better by 10 %                  0.997        0.941   0.787
naive where ahead on the series' own windows             0.998        0.926   0.791
the same, with 5 windows of its kind (served)            0.995        0.931   0.780
the same, with 20                                        0.994        0.938   0.777
best of three naive ones where ahead on its own          1.009        0.934   0.805
naive everywhere                                         1.167        1.087   0.982
==================================================  ==========  ===========  ======
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from dmp_assets.forecasts.sales.models import LAST_USUAL, MODELS
from dmp_assets.forecasts.sales.series import KEYS

PRIOR_WINDOWS = 5
"""The record of a series' kind counts as much as so many windows of its own."""

LEAST_WINDOWS = 4
"""A model that only the newest windows have enough history for competes if it has so many (of fewer windows: all)."""

ERROR_DECIMALS = 9
"""Rounded, models that are equal on paper tie on every processor."""


def choose_champions(scores: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Return the selection score of every series and model, and which one is chosen, with the reason.

    The level model of regular and of intermittent series is that with the smallest mean error over the series; of equals the
    simplest. It is the champion unless the baseline is ahead of it (see above): then the baseline serves, of a regular series as
    LAST_USUAL, the last week if it was a usual one, which does not forecast Christmas after Christmas (`repeats`).

    A model that is fitted in some windows only counts by its error over the baseline's in the same windows.

    Args:
        scores: level, series_id, is_intermittent, model, periods_held_back, selection_error of the selection windows only.
        baseline: the naive model to beat.

    Returns:
        level, series_id, is_intermittent, model, selection_error (mean over windows), windows, baseline_error, level_model,
        stand_in (the best model of those that are fitted in every window), is_champion, reason (of the champion's choice);
        exactly one champion per series.
    """
    table = _mean_errors(scores, baseline)
    parts = []
    for _, kind in table.groupby(["level", "is_intermittent"]):
        errors = kind.pivot_table(index="series_id", columns="model", values="selection_error")
        errors = errors.reindex(columns=[model for model in MODELS if model in errors.columns]).round(ERROR_DECIMALS)
        windows = kind.groupby("series_id")["windows"].max()
        is_everywhere = kind["windows"].eq(kind["series_id"].map(windows)).groupby(kind["model"]).all()
        chosen = _level_models(errors)
        chosen["stand_in"] = _level_models(errors[[model for model in errors if is_everywhere[model]]])["level_model"]
        chosen = _champions(errors, chosen, windows, baseline)
        if not kind["is_intermittent"].any():
            is_naive = chosen["model"] == baseline
            chosen["model"] = chosen["model"].mask(is_naive & (LAST_USUAL in errors), LAST_USUAL)
        part = kind.rename(columns={"model": "candidate"}).merge(chosen, left_on="series_id", right_index=True)
        parts.append(part.assign(baseline_error=part["series_id"].map(errors[baseline])))
    table = pd.concat(parts, ignore_index=True)
    table["is_champion"] = table["candidate"] == table["model"]
    return table.drop(columns="model").rename(columns={"candidate": "model"})


def _mean_errors(scores: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Return level, series_id, is_intermittent, model, selection_error, windows of the models with windows enough."""
    keys = [*KEYS, "is_intermittent"]
    naive = scores.loc[scores["model"] == baseline, [*keys, "periods_held_back", "selection_error"]]
    naive = naive.rename(columns={"selection_error": "naive_error"})
    table = scores.merge(naive, on=[*keys, "periods_held_back"])
    table = table.groupby([*keys, "model"], as_index=False).agg(
        selection_error=("selection_error", "mean"),
        naive_error=("naive_error", "mean"),
        windows=("selection_error", "size"),
    )
    whole = table[table["model"] == baseline].set_index(keys)
    every = pd.MultiIndex.from_frame(table[keys])
    windows, naive_error = whole["windows"].reindex(every).to_numpy(), whole["naive_error"].reindex(every).to_numpy()
    ratio = np.divide(naive_error, table["naive_error"], out=np.ones(len(table)), where=table["naive_error"] > 0)
    table["selection_error"] *= np.where(table["windows"] < windows, ratio, 1.0)
    return table[table["windows"] >= np.minimum(windows, LEAST_WINDOWS)].drop(columns="naive_error")


def _level_models(errors: pd.DataFrame) -> pd.DataFrame:
    """Return level_model by series; errors: one row per series, one column per model, simplest first."""
    full = [model for model in errors if errors[model].notna().all()]
    best = str(errors[full].mean().round(ERROR_DECIMALS).idxmin())
    models = pd.DataFrame({"level_model": best}, index=errors.index)
    # A model that needs more history than some series have serves those that have it.
    for model in errors.columns.difference(full, sort=False):
        has_it = errors[model].notna()
        if (errors.loc[has_it, model] - errors.loc[has_it, best]).mean() < 0:
            models.loc[has_it, "level_model"] = model
    return models


def _champions(errors: pd.DataFrame, chosen: pd.DataFrame, windows: pd.Series, baseline: str) -> pd.DataFrame:
    """Return `chosen` with model and reason: the series' level model, or the baseline where that is ahead."""
    place = errors.columns.get_indexer(chosen["level_model"])
    own = pd.Series(errors.to_numpy()[np.arange(len(errors)), place], errors.index)
    naive = errors[baseline]
    # Of a forecast without error nothing is ahead.
    own_ratio = (naive / own.where(own > 0)).fillna(np.inf)
    kind_ratio = naive.mean() / own.mean() if own.mean() > 0 else np.inf
    ratio = (windows * own_ratio + PRIOR_WINDOWS * kind_ratio) / (windows + PRIOR_WINDOWS)
    loses = ratio < 1
    series = "series" if len(errors) == 1 else f"{len(errors)} series"
    told = [
        f"the naive forecast is ahead of {model}: error {its:.3f} against {error:.3f} here, {naive.mean():.3f} against "
        f"{own.mean():.3f} on average over the {series} of its kind"
        if is_behind
        else f"the smallest mean error over the {series} of its kind; error {error:.3f} here, naive {its:.3f}"
        for model, error, its, is_behind in zip(chosen["level_model"], own, naive, loses, strict=True)
    ]
    return chosen.assign(model=chosen["level_model"].mask(loses, baseline), reason=told)
