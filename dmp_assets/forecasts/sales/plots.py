"""Pictures of the sales forecasts: frames in, matplotlib figures out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dmp_assets.forecasts.sales import schema
from dmp_assets.forecasts.sales.accuracy import ALL_SERIES, CHAMPION, REGULAR_SERIES, SERVED
from dmp_assets.forecasts.sales.backtest import POOLED
from dmp_assets.forecasts.sales.frequencies import FREQUENCIES
from dmp_assets.forecasts.sales.intervals import COVERAGES
from dmp_assets.forecasts.sales.models import MODELS
from dmp_assets.platform.money import currency
from dmp_assets.platform.pictures import blank, drawn, drawn_from

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE_INCHES = (7, 4)
LEVELS = ["total", "department", "category", "store"]
HISTORY_PERIODS = {"weekly": 52, "daily": 56}
CATEGORIES_SHOWN = 5

# How far the measured coverage may be from the nominal one, in points.
TOLERANCES = {80: 4, 95: 3}


@drawn
def plot_forecasts(sales: pd.DataFrame, forecasts: pd.DataFrame, backtest: pd.DataFrame, frequency: str) -> Figure:
    """Return sales, backtest and forecasts with both intervals of the total and of the categories with the largest forecasts.

    Args:
        sales: as for `forecast_sales`; whole periods before the first forecast are drawn.
        forecasts: forecasts.sales_forecasts.
        backtest: forecasts.forecast_backtest.
        frequency: 'weekly' or 'daily'.
    """
    from matplotlib.figure import Figure

    ahead = forecasts[(forecasts["frequency"] == frequency) & ~forecasts["series_id"].str.endswith(POOLED)]
    totals = ahead.loc[ahead["level"] == "total", "series_id"].unique().tolist()
    sums = ahead[ahead["level"] == "category"].groupby("series_id")["mean"].sum()
    largest = sums.sort_values(ascending=False, kind="stable").index[:CATEGORIES_SHOWN].tolist()
    shown = [*totals, *largest]
    if not shown:
        return blank(f"no total and no category is long enough for a {frequency} forecast")

    figure = Figure(figsize=(SIZE_INCHES[0], 6), layout="constrained")
    panels = figure.subplots((len(shown) + 1) // 2, 2, sharex=True, squeeze=False).ravel()
    for axes, series_id in zip(panels, shown, strict=False):
        own, before = (rows[rows["series_id"] == series_id] for rows in (sales, backtest))
        before = before[before["frequency"] == frequency]
        _draw_forecast(axes, own, before, ahead[ahead["series_id"] == series_id], frequency)
    for axes in panels[len(shown) :]:
        axes.set_visible(False)
    figure.suptitle(
        f"Sales per {FREQUENCIES[frequency].period} ({currency()}), the forecast with its intervals, and the backtest",
        fontsize="medium",
    )
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, fontsize="small")
    return figure


def _draw_forecast(
    axes: Axes, sales: pd.DataFrame, backtest: pd.DataFrame, ahead: pd.DataFrame, frequency: str
) -> None:
    """Draw one series, how it would have been forecast in the backtest, and its forecast."""
    from matplotlib.ticker import StrMethodFormatter

    kind = FREQUENCIES[frequency]
    ahead = ahead.sort_values("date")
    began = pd.to_datetime(sales[kind.column])
    is_drawn = sales[kind.whole_column].astype(bool) & (began < ahead["date"].min())
    history = sales.assign(date=began)[is_drawn].sort_values("date").tail(HISTORY_PERIODS[frequency])
    axes.plot(history["date"], history["sales_amount"], color="black", linewidth=1, label="sales")
    for rows, colour, label in (
        (backtest.sort_values("date"), "tab:orange", "backtest"),
        (ahead, "tab:blue", "forecast"),
    ):
        for coverage, shade in ((95, 0.15), (80, 0.3)):
            axes.fill_between(
                rows["date"],
                rows[f"lo_{coverage}"],
                rows[f"hi_{coverage}"],
                color=colour,
                alpha=shade,
                linewidth=0,
                label=f"{coverage} % interval" if label == "forecast" else None,
            )
        axes.plot(rows["date"], rows["mean"], color=colour, linewidth=1, label=label)
    name = ahead["series_id"].iloc[0].removeprefix("category:")
    axes.set_title(f"{name} ({_label(ahead['model'].iloc[0])})", fontsize="x-small")
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.tick_params(axis="x", rotation=30)
    axes.tick_params(labelsize="x-small")
    axes.set_ylim(bottom=0)


@drawn
def plot_accuracy(accuracy: pd.DataFrame, frequency: str) -> Figure:
    """Return the held-out MASE of every model by level over the regular series, with the naive baseline as a line.

    Args:
        accuracy: forecasts.forecast_accuracy.
        frequency: 'weekly' or 'daily'.
    """
    from matplotlib.figure import Figure

    rows = accuracy[
        (accuracy["frequency"] == frequency)
        & (accuracy["series_id"] == REGULAR_SERIES)
        & (accuracy["metric"] == "mase")
    ]
    if rows.empty:
        return blank(
            f"no series with sales in most {FREQUENCIES[frequency].period}s is long enough for a {frequency} forecast"
        )
    table = rows.pivot_table(index="model", columns="level", values="value")
    table = table.reindex([model for model in [*MODELS, CHAMPION, SERVED] if model in table.index])
    table = table[[level for level in LEVELS if level in table.columns]]

    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    panels = figure.subplots(1, len(table.columns), sharex=True, sharey=True, squeeze=False)[0]
    for axes, level in zip(panels, table.columns, strict=False):
        colours = ["tab:orange" if model in (CHAMPION, SERVED) else "tab:blue" for model in table.index]
        axes.barh([_label(model) for model in table.index], table[level].fillna(0), color=colours)
        axes.axvline(table.loc[FREQUENCIES[frequency].baseline, level], color="black", linestyle="--", linewidth=1)
        axes.set(title=level, xlabel="MASE")
        axes.tick_params(labelsize="x-small")
    panels[0].invert_yaxis()
    figure.suptitle(
        f"{frequency.title()} forecasts: error on the held-out {FREQUENCIES[frequency].period}s (dashed: naive baseline)",
        fontsize="medium",
    )
    return figure


@drawn_from(schema.FORECAST_MODELS)
def plot_champions(models: pd.DataFrame) -> Figure:
    """Return the share of each level's series that every model is the champion of.

    Args:
        models: forecasts.forecast_models.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    own = models[~models["is_pooled"]]
    counts = own.pivot_table(index=["frequency", "level"], columns="model", aggfunc="size", fill_value=0)
    shares = counts.div(counts.sum(axis=1), axis=0) * 100

    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    axes = figure.subplots()
    labels = [f"{frequency} {level} ({count})" for (frequency, level), count in counts.sum(axis=1).items()]
    left = pd.Series(0.0, index=shares.index)
    colours = colormaps["tab20"](range(20))
    for model in [model for model in MODELS if model in shares.columns]:
        axes.barh(labels, shares[model], left=left, label=_label(model), color=colours[MODELS.index(model)])
        left = left + shares[model]
    axes.set(title="Which model is the champion", xlabel="share of the level's series (%)", xlim=(0, 100))
    axes.invert_yaxis()
    figure.legend(loc="outside lower center", ncols=3, fontsize="small")
    return figure


@drawn_from(schema.FORECAST_ACCURACY)
def plot_coverage(accuracy: pd.DataFrame) -> Figure:
    """Return the share of held-out sales inside the intervals by level, with the band that is aimed at.

    Args:
        accuracy: forecasts.forecast_accuracy.
    """
    from matplotlib.figure import Figure

    rows = accuracy[(accuracy["series_id"] == ALL_SERIES) & (accuracy["model"] == SERVED)]
    names = [frequency for frequency in FREQUENCIES if frequency in set(rows["frequency"])]
    figure = Figure(figsize=(SIZE_INCHES[0], 3), layout="constrained")
    panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, names, strict=False):
        for coverage, colour in zip(COVERAGES, ("tab:blue", "tab:green"), strict=True):
            own = rows[(rows["frequency"] == name) & (rows["metric"] == f"coverage_{coverage}")]
            values = own.set_index("level")["value"]
            values = values.reindex([level for level in LEVELS if level in values.index]) * 100
            axes.axhspan(
                coverage - TOLERANCES[coverage], coverage + TOLERANCES[coverage], color=colour, alpha=0.15, linewidth=0
            )
            axes.plot(values.index, values, "o", color=colour, label=f"{coverage} % interval")
        axes.set(title=name, ylim=(60, 101))
    panels[0].set_ylabel("held-out sales inside (%)")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize="small")
    return figure


@drawn_from(schema.REALISED_ACCURACY)
def plot_realised(realised: pd.DataFrame) -> Figure:
    """Return the error of earlier forecasts by the day they were made, with the naive forecast's and what was promised.

    Args:
        realised: forecasts.realised_accuracy.
    """
    from matplotlib.figure import Figure

    names = [frequency for frequency in FREQUENCIES if frequency in set(realised["frequency"])]
    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, names, strict=True):
        rows = realised[realised["frequency"] == name]
        for position, level in enumerate(level for level in LEVELS if level in set(rows["level"])):
            own = rows[rows["level"] == level].sort_values("forecast_as_of_on")
            colour = f"C{position}"
            axes.plot(own["forecast_as_of_on"], own["mase"], "o-", color=colour, label=f"{level}: served")
            axes.plot(own["forecast_as_of_on"], own["naive_mase"], "x:", color=colour, label=f"{level}: naive")
        axes.set(title=name, xlabel="forecast made on")
        axes.tick_params(axis="x", rotation=30, labelsize="x-small")
    panels[0].set_ylabel("MASE on the periods known since")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize="x-small")
    return figure


def _label(model: str) -> str:
    return model.replace("_", " ")
