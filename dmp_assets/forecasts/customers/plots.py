"""Pictures of the customer predictions: frames in, matplotlib figures out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dmp_assets.forecasts.customers.metrics import LOG_LOSS, MAE, R2, reliability

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHOWN = {
    "roc_auc": "area under the ROC curve",
    LOG_LOSS: "log loss (nats)",
    R2: "R²",
    MAE: "mean absolute error (USD)",
}


def plot_prediction_leaderboard(board: pd.DataFrame) -> Figure:
    """Return the main metrics of every model with their intervals, one panel per target and metric, the champion in orange.

    Args:
        board: forecasts.prediction_leaderboard.
    """
    from matplotlib.figure import Figure

    panels = list(board[board["metric"].isin(_SHOWN)].groupby(["target", "metric"], sort=False))
    figure = Figure(figsize=(4 * max(len(panels), 1), 3), layout="constrained")
    for place, ((target, metric), rows) in enumerate(panels, start=1):
        axes = figure.add_subplot(1, len(panels), place)
        for y, row in enumerate(rows.itertuples()):
            colour = "tab:orange" if row.is_champion else "tab:blue"
            axes.plot([row.ci_low, row.ci_high], [y, y], color=colour)
            axes.plot(row.value, y, "o", color=colour)
        axes.set_yticks(range(len(rows)), [model.replace("_", " ") for model in rows["model"]])
        axes.set(title=target, xlabel=_SHOWN[str(metric)])
    return figure


def plot_reliability(held_out: pd.DataFrame, target: str) -> Figure:
    """Return how often what the champion gave a probability happened: its reliability curve before the outcome was known.

    Args:
        held_out: from `predictions.train`.
        target: a probability.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="black", linestyle="--", linewidth=1, label="as foreseen")
    rows = held_out[(held_out["target"] == target) & held_out["is_champion"]]
    if len(rows):
        curve = reliability(rows["prediction"].to_numpy(), rows["outcome"].to_numpy())
        axes.plot(curve["mean_prediction"], curve["share"], "o-", color="tab:orange", label=str(rows["model"].iloc[0]))
        for x, y, customers in curve.itertuples(index=False, name=None):
            axes.annotate(f"{customers:,.0f}", (x, y), textcoords="offset points", xytext=(4, -10), fontsize="small")
    axes.set(title=f"Reliability of {target}", xlabel="predicted probability", ylabel="share that happened")
    axes.legend(loc="upper left", fontsize="small")
    return figure
