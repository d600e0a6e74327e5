"""What the sales forecasts offer to the report: the forecasts, their accuracy, how earlier ones turned out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dmp_assets.analysis import inputs
from dmp_assets.forecasts.sales import plots, schema
from dmp_assets.forecasts.sales.accuracy import ALL_SERIES, POOLED_SERIES, SERVED
from dmp_assets.forecasts.sales.frequencies import FREQUENCIES
from dmp_assets.platform.emptiness import empty_because
from dmp_assets.platform.money import currency
from dmp_assets.platform.pictures import embed
from dmp_assets.platform.sections import Content, Fact, Frames, PageTable, Section, page_table

_FORMATS = {
    "series_count": ",.0f",
    "point_count": ",.0f",
    "mase": ".3f",
    "naive_mase": ".3f",
    "promised_mase": ".3f",
    "wmape": ".1%",
    "bias": "+.1%",
    "improvement_over_naive_pct": "+.1f",
    "coverage_80": ".1%",
    "coverage_95": ".1%",
}


def _sales(frames: Frames) -> Content:
    accuracy, forecasts = frames["accuracy"], frames["forecasts"]
    return Content(
        "Sales eight weeks and 28 days ahead, in total, by department, category and store; each of these splits adds up to the "
        "total. Series of a kind have one model, the best on average in the backtest; a series on which it loses to the naive "
        "forecast, by its own windows and its kind's, is served by that, without repeating an unusual week. Accuracy is measured "
        "on periods that nothing was chosen on; orange shows how these would have been forecast. The shaded bands of the coverage "
        "are what is aimed at.",
        [
            *(embed(plots.plot_forecasts(frames[name], forecasts, frames["backtest"], name)) for name in FREQUENCIES),
            *(embed(plots.plot_accuracy(accuracy, name)) for name in FREQUENCIES),
            embed(plots.plot_champions(frames["forecast_models"])),
            embed(plots.plot_coverage(accuracy)),
            embed(plots.plot_realised(frames["realised"])),
        ],
        [
            _total(forecasts),
            _models(frames["forecast_models"]),
            _served_accuracy(accuracy),
            _realised(frames["realised"]),
        ],
        _headlines(accuracy),
    )


def _total(forecasts: pd.DataFrame) -> PageTable:
    total = forecasts[(forecasts["level"] == "total") & (forecasts["frequency"] == "weekly")]
    total = total[["date", "model", "mean", "lo_80", "hi_80", "lo_95", "hi_95"]]
    return page_table(
        f"Total sales, {currency()}",
        total.assign(date=total["date"].dt.strftime("%Y-%m-%d")).rename(columns={"date": "week from"}),
        dict.fromkeys(["mean", "lo_80", "hi_80", "lo_95", "hi_95"], ",.0f"),
        empty_because(schema.SALES_FORECASTS),
    )


def _models(models: pd.DataFrame) -> PageTable:
    """Return which model serves how many series, with its mean error in the backtest beside the naive one; see `reason`."""
    own = models[~models["is_pooled"]].assign(
        kind=models["is_intermittent"].map({True: "intermittent", False: "regular"})
    )
    served = own.groupby(["frequency", "level", "kind", "level_model", "model"], as_index=False).agg(
        series_count=("series_id", "size"),
        selection_error=("selection_error", "mean"),
        baseline_error=("baseline_error", "mean"),
    )
    served["why"] = np.where(
        served["model"] == served["level_model"], "the best of its kind", "the naive forecast is ahead on these"
    )
    names = {
        "level_model": "best of the kind",
        "model": "serves",
        "selection_error": "error",
        "baseline_error": "naive error",
    }
    return page_table(
        "What serves, and why: mean error over the windows of the backtest",
        served.rename(columns=names),
        _FORMATS | {"error": ".3f", "naive error": ".3f"},
        empty_because(schema.FORECAST_MODELS),
    )


def _served_accuracy(accuracy: pd.DataFrame) -> PageTable:
    pooled = accuracy[accuracy["series_id"].isin(POOLED_SERIES) & (accuracy["model"] == SERVED)].pivot_table(
        index=["frequency", "level", "series_id", "series_count"], columns="metric", values="value"
    )
    columns = ["mase", "wmape", "bias", "improvement_over_naive_pct", "coverage_80", "coverage_95"]
    return page_table(
        "What is served, on the held-out periods, over the series of a level",
        pooled.reindex(columns=columns).reset_index(),
        _FORMATS,
        empty_because(schema.FORECAST_ACCURACY),
    )


def _realised(realised: pd.DataFrame) -> PageTable:
    columns = ["forecast_as_of_on", "frequency", "level", "point_count", "mase", "naive_mase", "promised_mase"]
    columns += ["bias", "coverage_80", "coverage_95", "is_alarming"]
    return page_table(
        "Earlier forecasts against what was sold since",
        realised[columns].assign(forecast_as_of_on=realised["forecast_as_of_on"].dt.strftime("%Y-%m-%d")),
        _FORMATS,
        empty_because(schema.REALISED_ACCURACY),
    )


def _headlines(accuracy: pd.DataFrame) -> Sequence[Fact]:
    """Return how far what is served by week is ahead of the naive forecast, over all categories, if any could be forecast."""
    gains = accuracy.loc[
        (accuracy["frequency"] == "weekly")
        & (accuracy["level"] == "category")
        & (accuracy["series_id"] == ALL_SERIES)
        & (accuracy["model"] == SERVED)
        & (accuracy["metric"] == "improvement_over_naive_pct"),
        "value",
    ]
    return [
        Fact("error of the weekly category forecasts against the naive forecast", f"{-gain:+.1f} %") for gain in gains
    ]


SECTIONS = (
    Section(
        "Sales forecast",
        80,
        {
            "weekly": inputs.WEEKLY_SALES,
            "daily": inputs.DAILY_SALES,
            "forecasts": "select * from forecasts.sales_forecasts order by frequency, level, series_id, date",
            "forecast_models": "select * from forecasts.forecast_models order by frequency, level, series_id",
            "backtest": "select * from forecasts.forecast_backtest order by frequency, level, series_id, date",
            "accuracy": "select * from forecasts.forecast_accuracy order by frequency, level, series_id, model, metric",
            "realised": ("select * from forecasts.realised_accuracy order by forecast_as_of_on desc, frequency, level"),
        },
        _sales,
    ),
)
