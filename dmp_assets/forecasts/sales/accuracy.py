"""How good the forecasts were on the periods that nothing was chosen or calibrated on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dmp_assets.forecasts.sales.backtest import AMOUNTS
from dmp_assets.forecasts.sales.intervals import COVERAGES
from dmp_assets.forecasts.sales.series import KEYS

ALL_SERIES = "(all)"
REGULAR_SERIES = "(regular)"
INTERMITTENT_SERIES = "(intermittent)"
POOLED_SERIES = [ALL_SERIES, REGULAR_SERIES, INTERMITTENT_SERIES]

CHAMPION = "champion"
SERVED = "served"

COVERAGE_METRICS = [f"coverage_{coverage}" for coverage in COVERAGES]
IMPROVEMENT = "improvement_over_naive_pct"
SELECTION_METRIC = "selection_error"
HELD_OUT_METRICS = ["mase", "rmsse", "mae", "wmape", "bias", *COVERAGE_METRICS, IMPROVEMENT]


def measure_accuracy(scores: pd.DataFrame, served: pd.DataFrame, choices: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Return the accuracy of every model, and of what is served, on every series and, pooled, on every level.

    Args:
        scores: `window_scores` of the held-out window.
        served: the served forecasts of the held-out window: level, series_id, is_intermittent, date, actual, mean, scale and
            the bounds.
        choices: as returned by `choose_champions`.
        baseline: the naive model of the comparison.

    Returns:
        level, series_id, model, metric, value, series_count, windows, is_champion, sorted. Metrics:

        * mase; rmsse (root mean squared error over the scale); mae (currency); wmape (sum of absolute errors over the sum of
          sales; absent without sales); bias (sum of forecasts
          over sum of sales, minus 1; absent without sales); coverage_80, coverage_95 (share of the actual amounts inside the
          interval; of what is served only), on the held-out window;
        * improvement_over_naive_pct: 100 x (1 - mean absolute error / that of the baseline), on the held-out window. Where
          the baseline made no error: 0 for a model without error, else -100;
        * selection_error: mean error of the selection windows (mase, of intermittent series rmsse), what the champion was
          chosen on (too rosy for a chosen model).

        Model 'champion' is each series' own champion before, 'served' after reconciliation. Rows with a series_id in
        POOLED_SERIES are over the series of a level: mase, rmsse, mae, coverage and selection_error averaged, wmape and bias of the
        sums, the improvement that of the mean MASE. '(all)' has only the models that every series has. There `is_champion`
        marks the level's model.
    """
    own = scores.drop(columns=SELECTION_METRIC).merge(choices, on=[*KEYS, "is_intermittent", "model"])
    champions = own[own["is_champion"]]
    measured = _score_served(served).merge(champions[[*KEYS, "selection_error", "windows", "level_model"]], on=KEYS)
    own_and_served = pd.concat([own, measured.assign(model=SERVED, is_champion=False)])
    everything = pd.concat([own_and_served, champions.assign(model=CHAMPION, is_champion=False)])
    kinds = {
        ALL_SERIES: everything,
        REGULAR_SERIES: everything[~everything["is_intermittent"]],
        INTERMITTENT_SERIES: everything[everything["is_intermittent"]],
    }
    pooled = pd.concat([_pool(rows).assign(series_id=name) for name, rows in kinds.items() if len(rows)])
    own_and_served = own_and_served.assign(series_count=1)
    return _long(
        pd.concat(
            [
                _with_ratios(own_and_served, "mae", KEYS, baseline),
                _with_ratios(pooled, "mase", ["level", "series_id"], baseline),
            ]
        )
    )


def _score_served(served: pd.DataFrame) -> pd.DataFrame:
    """Return the errors of what is served as in `window_scores`, with the coverage of the intervals."""
    errors = served["mean"] - served["actual"]
    table = served[[*KEYS, "is_intermittent"]].assign(
        mae=errors.abs(),
        mase=errors.abs() / served["scale"],
        rmsse=(errors / served["scale"]) ** 2,
        error_amount=errors.abs(),
        bias_amount=errors,
        actual_amount=served["actual"],
    )
    for coverage in COVERAGES:
        table[f"coverage_{coverage}"] = (
            served["actual"].between(served[f"lo_{coverage}"], served[f"hi_{coverage}"]).astype(float)
        )
    means = dict.fromkeys(["mae", "mase", "rmsse", *COVERAGE_METRICS], "mean")
    table = table.groupby([*KEYS, "is_intermittent"], as_index=False).agg(means | dict.fromkeys(AMOUNTS, "sum"))
    return table.assign(rmsse=table["rmsse"] ** 0.5)


def _pool(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per level and model that every series of the level has."""
    means = dict.fromkeys(["mase", "rmsse", "mae", SELECTION_METRIC, *COVERAGE_METRICS], "mean")
    rows = rows.assign(is_champion=rows["model"] == rows["level_model"])
    pooled = rows.groupby(["level", "model"], as_index=False).agg(
        means | dict.fromkeys(AMOUNTS, "sum") | {"windows": "max", "is_champion": "all", "series_id": "size"}
    )
    pooled = pooled.rename(columns={"series_id": "series_count"})
    return pooled[pooled["series_count"] == pooled.groupby("level")["series_count"].transform("max")]


def _with_ratios(scores: pd.DataFrame, error: str, keys: list[str], baseline: str) -> pd.DataFrame:
    """Return the scores with wmape, bias, and how far `error` is below the baseline's within `keys`."""
    naive = scores.loc[scores["model"] == baseline, [*keys, error]].rename(columns={error: "naive_error"})
    table = scores.merge(naive, on=keys)
    ratio = table[error] / table["naive_error"].where(table["naive_error"] > 0)
    ratio_to_nothing = pd.Series(np.where(table[error] > 0, 2.0, 1.0), index=table.index)
    table[IMPROVEMENT] = 100 * (1 - ratio.fillna(ratio_to_nothing))
    sold = table["actual_amount"].where(table["actual_amount"] > 0)
    return table.assign(wmape=table["error_amount"] / sold, bias=(table["bias_amount"] / sold).clip(lower=-1))


def _long(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per level, series, model and metric that has a value."""
    keys = [*KEYS, "model"]
    rows = scores.melt(
        id_vars=[*keys, "series_count", "windows", "is_champion"],
        value_vars=[SELECTION_METRIC, *HELD_OUT_METRICS],
        var_name="metric",
        value_name="value",
    ).dropna(subset="value")
    # One window is held out; only the selection score averages several.
    rows["windows"] = rows["windows"].where(rows["metric"] == SELECTION_METRIC, 1)
    return rows.sort_values([*keys, "metric"], ignore_index=True)
