"""How good the forecasts were on the weeks that nothing was chosen or calibrated on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dmp_assets.forecasts.sales.backtest import window_scores
from dmp_assets.forecasts.sales.intervals import COVERAGES
from dmp_assets.forecasts.sales.models import NAIVE
from dmp_assets.forecasts.sales.series import KEYS

ALL_SERIES = "(all)"
CHAMPION = "champion"
HELD_OUT_METRICS = ["mase", "mae", *(f"coverage_{coverage}" for coverage in COVERAGES), "improvement_over_naive_pct"]
SELECTION_METRIC = "selection_mase"


def measure_accuracy(held_out: pd.DataFrame, champions: pd.DataFrame) -> pd.DataFrame:
    """Return the accuracy of every model on every series and, pooled, on every level.

    Args:
        held_out: the held-out window of `rolling_forecasts` with intervals added.
        champions: as returned by `choose_champions`.

    Returns:
        level, series_id, model, metric, value, windows, is_champion, sorted. Metrics:

        * mase, mae (USD), coverage_80, coverage_95 (share of the actual amounts inside the interval) on the held-out
          window;
        * improvement_over_naive_pct: 100 x (1 - mean absolute error / that of the naive forecast), on the held-out
          window. Where the naive forecast made no error: 0 for a model without error, else -100;
        * selection_mase: mean MASE of the selection windows, what the champion was chosen on (too rosy for a chosen
          model).

        `windows` counts the windows behind a value. Rows with series_id '(all)' average over the series of a level, the
        improvement being that of the mean MASE; there `is_champion` marks the level winner, the best one model for all
        series, and model 'champion' stands for each series' own champion.
    """
    flags = champions.set_index([*KEYS, "model"])
    scores = window_scores(held_out).drop(columns="weeks_held_back").set_index([*KEYS, "model"])
    for coverage in COVERAGES:
        is_inside = held_out["actual"].between(held_out[f"lo_{coverage}"], held_out[f"hi_{coverage}"])
        scores[f"coverage_{coverage}"] = is_inside.groupby([held_out[key] for key in [*KEYS, "model"]]).mean()
    scores = scores.join(flags).reset_index()
    own = _with_improvement(scores, "mae", KEYS)

    own_champions = own[own["is_champion"]].assign(model=CHAMPION, is_level_winner=False)
    pooled = (
        pd.concat([own, own_champions])
        .groupby(["level", "model"], as_index=False)
        .agg(
            dict.fromkeys([SELECTION_METRIC, *HELD_OUT_METRICS[:-1]], "mean")
            | {"windows": "max", "is_level_winner": "any"}
        )
    )
    pooled = pooled.rename(columns={"is_level_winner": "is_champion"}).assign(series_id=ALL_SERIES)
    return _long(pd.concat([own, _with_improvement(pooled, "mase", ["level"])]))


def _with_improvement(scores: pd.DataFrame, error: str, keys: list[str]) -> pd.DataFrame:
    """Return the scores with improvement_over_naive_pct: how far `error` is below the naive model's within `keys`."""
    naive = scores.loc[scores["model"] == NAIVE, [*keys, error]].rename(columns={error: "naive_error"})
    table = scores.merge(naive, on=keys)
    ratio = table[error] / table["naive_error"].where(table["naive_error"] > 0)
    ratio_to_nothing = pd.Series(np.where(table[error] > 0, 2.0, 1.0), index=table.index)
    table["improvement_over_naive_pct"] = 100 * (1 - ratio.fillna(ratio_to_nothing))
    return table.drop(columns="naive_error")


def _long(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per level, series, model and metric."""
    keys = [*KEYS, "model"]
    rows = scores.melt(
        id_vars=[*keys, "windows", "is_champion"],
        value_vars=[SELECTION_METRIC, *HELD_OUT_METRICS],
        var_name="metric",
        value_name="value",
    )
    # One window is held out; only the selection score averages several.
    rows["windows"] = rows["windows"].where(rows["metric"] == SELECTION_METRIC, 1)
    rows = rows.sort_values([*keys, "metric"], ignore_index=True)
    return rows[[*keys, "metric", "value", "windows", "is_champion"]]
