"""Pictures of the sales forecasts: frames in, matplotlib figures out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dmp_assets.forecasts.sales.accuracy import ALL_SERIES, CHAMPION
from dmp_assets.forecasts.sales.models import MODELS, NAIVE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE_INCHES = (7, 4)


def plot_total_forecast(weekly: pd.DataFrame, forecasts: pd.DataFrame) -> Figure:
    """Return total weekly sales and the champion's forecast with both intervals.

    Args:
        weekly: as for `forecast_sales`; whole weeks of level 'total' before the first forecast week are drawn.
        forecasts: forecasts.sales_forecasts.

    Raises:
        ValueError: if there is no forecast of the total.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import StrMethodFormatter

    ahead = forecasts[(forecasts["level"] == "total") & forecasts["is_champion"]].sort_values("date")
    if ahead.empty:
        raise ValueError("There is no forecast of the total to draw.")
    weeks = pd.to_datetime(weekly["week_start_on"])
    is_drawn = (weekly["level"] == "total") & weekly["is_whole_week"].astype(bool) & (weeks < ahead["date"].min())
    history = weekly.assign(week_start_on=weeks)[is_drawn].sort_values("week_start_on")

    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    axes = figure.subplots()
    axes.plot(history["week_start_on"], history["sales_amount"], color="black", label="sales")
    for coverage, shade in ((95, 0.15), (80, 0.3)):
        axes.fill_between(
            ahead["date"],
            ahead[f"lo_{coverage}"],
            ahead[f"hi_{coverage}"],
            color="tab:blue",
            alpha=shade,
            linewidth=0,
            label=f"{coverage} % interval",
        )
    axes.plot(ahead["date"], ahead["mean"], color="tab:blue", label=f"forecast ({_label(ahead['model'].iloc[0])})")
    axes.set(
        title=f"Total sales and the forecast of {len(ahead)} weeks",
        xlabel="week starting",
        ylabel="sales per week (USD)",
    )
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.tick_params(axis="x", rotation=30)
    figure.legend(loc="outside lower center", ncols=4, fontsize="small")
    return figure


def plot_accuracy(accuracy: pd.DataFrame) -> Figure:
    """Return the held-out MASE of every model by level, with the naive baseline as a line.

    Args:
        accuracy: forecasts.forecast_accuracy.
    """
    from matplotlib.figure import Figure

    rows = accuracy[(accuracy["series_id"] == ALL_SERIES) & (accuracy["metric"] == "mase")]
    table = rows.pivot_table(index="model", columns="level", values="value")
    table = table.reindex([model for model in [*MODELS, CHAMPION] if model in table.index])

    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    panels = figure.subplots(1, len(table.columns), sharex=True, sharey=True, squeeze=False)[0]
    for axes, level in zip(panels, table.columns, strict=True):
        colours = ["tab:orange" if model == CHAMPION else "tab:blue" for model in table.index]
        axes.barh([_label(model) for model in table.index], table[level].fillna(0), color=colours)
        axes.axvline(table.loc[NAIVE, level], color="black", linestyle="--", linewidth=1)
        axes.set(title=level, xlabel="MASE")
    panels[0].invert_yaxis()
    figure.suptitle("Error on the held-out weeks (smaller is better; dashed: naive forecast)", fontsize="medium")
    return figure


def plot_champions(accuracy: pd.DataFrame) -> Figure:
    """Return the share of each level's series that every model is the champion of.

    Args:
        accuracy: forecasts.forecast_accuracy.
    """
    from matplotlib.figure import Figure

    is_counted = accuracy["is_champion"] & (accuracy["series_id"] != ALL_SERIES) & (accuracy["metric"] == "mase")
    counts = accuracy[is_counted].pivot_table(index="level", columns="model", aggfunc="size", fill_value=0)
    shares = counts.div(counts.sum(axis=1), axis=0) * 100

    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    axes = figure.subplots()
    labels = [f"{level} ({count} series)" for level, count in counts.sum(axis=1).items()]
    left = pd.Series(0.0, index=shares.index)
    for model in [model for model in MODELS if model in shares.columns]:
        axes.barh(labels, shares[model], left=left, label=_label(model), color=f"C{MODELS.index(model)}")
        left = left + shares[model]
    axes.set(title="Which model is the champion", xlabel="share of the level's series (%)", xlim=(0, 100))
    axes.invert_yaxis()
    figure.legend(loc="outside lower center", ncols=3, fontsize="small")
    return figure


def _label(model: str) -> str:
    return model.replace("_", " ")
