"""Pictures of the customer predictions: frames in, matplotlib figures out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dmp_assets.analysis.drift import DRIFT_LIMIT
from dmp_assets.forecasts.customers import schema
from dmp_assets.forecasts.customers.metrics import LOG_LOSS, MAE, R2, ROC_AUC
from dmp_assets.platform.money import currency, money
from dmp_assets.platform.pictures import drawn_from

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHOWN = {
    ROC_AUC: "area under the ROC curve",
    LOG_LOSS: "log loss (nats)",
    R2: "R²",
    MAE: "mean absolute error",
}
_CHAMPION, _OTHER = "tab:orange", "tab:blue"
_COLUMNS = 4
_LARGEST_PSI = 1.0


@drawn_from(schema.PREDICTION_LEADERBOARD)
def plot_prediction_leaderboard(board: pd.DataFrame) -> Figure:
    """Return two metrics of every model on the newest cutoff with their intervals, one row per target, the champion in orange.

    Args:
        board: forecasts.prediction_leaderboard.
    """
    from matplotlib.figure import Figure

    shown = board[board["metric"].isin(_SHOWN) & board["is_newest"]]
    targets = list(shown["target"].drop_duplicates())
    figure = Figure(figsize=(9, 2.6 * len(targets)), layout="constrained")
    grid = figure.subplots(len(targets), 2, squeeze=False)
    for panels, target in zip(grid, targets, strict=True):
        rows = shown[shown["target"] == target]
        metrics = [metric for metric in _SHOWN if metric in set(rows["metric"])]
        for axes, metric in zip(panels, metrics, strict=False):
            _intervals(axes, rows[rows["metric"] == metric])
            axes.set_title(f"{target}, {rows['cutoff_on'].iloc[0]:%d %b %Y}", fontsize="medium")
            axes.set_xlabel(_SHOWN[metric], fontsize="small")
        for axes in panels[len(metrics) :]:
            axes.set_visible(False)
    return figure


@drawn_from(schema.PREDICTION_RELIABILITY)
def plot_reliability(reliability: pd.DataFrame, board: pd.DataFrame) -> Figure:
    """Return how often what the champions gave a probability happened, one panel per target, one line per cutoff.

    Args:
        reliability: forecasts.prediction_reliability.
        board: forecasts.prediction_leaderboard.
    """
    rows = _of_champions(reliability, board)
    figure, panels = _panels(list(rows["target"].drop_duplicates()))
    for target, axes in panels.items():
        axes.plot([0, 1], [0, 1], color="black", linestyle="--", linewidth=1, label="as foreseen")
        cutoffs = list(rows[rows["target"] == target].groupby("cutoff_on"))
        for place, (cutoff_on, curve) in enumerate(cutoffs, start=1):
            colour = _CHAMPION if place == len(cutoffs) else _OTHER
            axes.plot(
                curve["mean_prediction"],
                curve["share"],
                "o-",
                color=colour,
                alpha=0.4 + 0.6 * place / len(cutoffs),
                markersize=4,
                label=f"{cutoff_on:%d %b %Y}",
            )
        model = rows.loc[rows["target"] == target, "model"].iloc[0]
        axes.set_title(f"{target}: {model}", fontsize="medium")
        axes.set(xlabel="predicted probability", ylabel="share that happened")
        axes.legend(loc="upper left", fontsize="small")
    return figure


@drawn_from(schema.PREDICTION_GAINS)
def plot_gains(gains: pd.DataFrame, board: pd.DataFrame) -> Figure:
    """Return what the customers with the highest predictions hold, by the champion: one panel per target.

    Args:
        gains: forecasts.prediction_gains.
        board: forecasts.prediction_leaderboard.
    """
    rows = _of_champions(gains, board)
    figure, panels = _panels(list(rows["target"].drop_duplicates()))
    for target, axes in panels.items():
        curve = rows[rows["target"] == target]
        axes.plot([0, 1], [0, 1], color="black", linestyle="--", linewidth=1, label="by chance")
        axes.plot(
            [0, *curve["taken_share"]],
            [0, *curve["gain"]],
            "o-",
            color=_CHAMPION,
            markersize=4,
            label=str(curve["model"].iloc[0]),
        )
        first = curve.iloc[0]
        axes.annotate(
            f"lift {first['lift']:.1f}",
            (first["taken_share"], first["gain"]),
            textcoords="offset points",
            xytext=(10, -3),
            fontsize="small",
        )
        axes.set(title=target, xlabel="share taken, highest first", ylabel="share of all that happened")
        axes.legend(loc="lower right", fontsize="small")
    return figure


@drawn_from(schema.PREDICTION_IMPORTANCE)
def plot_importance(importance: pd.DataFrame, features: int = 8) -> Figure:
    """Return the most important features of each champion, one panel per target.

    Args:
        importance: forecasts.prediction_importance.
        features: how many to show.
    """
    shown = importance[importance["rank"] <= features]
    figure, panels = _panels(list(shown["target"].drop_duplicates()), width=4.2)
    for target, axes in panels.items():
        rows = shown[shown["target"] == target].sort_values("rank", ascending=False)
        axes.barh(
            [_words(name) for name in rows["feature"]], rows["importance"], xerr=rows["importance_sd"], color=_OTHER
        )
        axes.set_title(f"{target}: {rows['model'].iloc[0]}", fontsize="medium")
        axes.set(xlabel="how far predictions move")
        axes.tick_params(labelsize="small")
        axes.locator_params(axis="x", nbins=4)
    return figure


@drawn_from(schema.PREDICTION_DEPENDENCE)
def plot_dependence(dependence: pd.DataFrame, features: int = 3) -> Figure:
    """Return how the mean prediction moves with the most important features, one row per target.

    Args:
        dependence: forecasts.prediction_dependence.
        features: how many to show of each target.
    """
    from matplotlib.figure import Figure

    targets = list(dependence["target"].drop_duplicates())
    figure = Figure(figsize=(3.3 * features, 2.4 * len(targets)), layout="constrained")
    grid = figure.subplots(len(targets), features, squeeze=False)
    for panels, target in zip(grid, targets, strict=True):
        rows = dependence[dependence["target"] == target]
        names = list(rows["feature"].drop_duplicates())[:features]
        for axes, name in zip(panels, names, strict=False):
            curve = rows[rows["feature"] == name]
            axes.plot(curve["value"], curve["mean_prediction"], "o-", color=_CHAMPION, markersize=3)
            axes.set_xlabel(_words(name), fontsize="small")
        panels[0].set_ylabel(target, fontsize="small")
        for axes in panels[len(names) :]:
            axes.set_visible(False)
        low = min(axes.get_ylim()[0] for axes in panels[: len(names)])
        high = max(axes.get_ylim()[1] for axes in panels[: len(names)])
        for axes in panels[: len(names)]:
            axes.set_ylim(low, high)
    return figure


@drawn_from(schema.LIFETIME_VALUES)
def plot_lifetime_values(values: pd.DataFrame) -> Figure:
    """Return how the value of the next 84 days is distributed, and how BG/NBD's compares with it.

    Args:
        values: forecasts.lifetime_values.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    top = float(values["value"].quantile(0.99)) or 1.0
    left.hist(values["value"].clip(upper=top), bins=40, color=_OTHER)
    median = float(values["value"].median())
    left.axvline(median, color=_CHAMPION, label=f"half have less than {money(median, 0)}")
    left.set(
        title="Value of the next 84 days",
        xlabel=f"expected sales, {currency()} (top 1 % in the last bar)",
        ylabel="customers",
    )
    left.legend(fontsize="small")
    right.scatter(values["bg_nbd_value"].clip(upper=top), values["value"].clip(upper=top), s=5, alpha=0.3, color=_OTHER)
    right.plot([0, top], [0, top], color="black", linestyle="--", linewidth=1)
    right.set(
        title="Beside BG/NBD with Gamma-Gamma",
        xlabel=f"BG/NBD, {currency()}",
        ylabel=f"{values['model'].iloc[0]}, {currency()}",
    )
    return figure


@drawn_from(schema.PREDICTION_DRIFT)
def plot_drift(drift: pd.DataFrame, features: int = 15) -> Figure:
    """Return what has moved most since the training, on the newest day: scores in orange, inputs in blue.

    Args:
        drift: forecasts.prediction_drift.
        features: how many to show.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    rows = drift[(drift["as_of_on"] == drift["as_of_on"].max()) & drift["psi"].notna()]
    is_score = rows["kind"] == "score"
    most = rows[~is_score].sort_values(["psi", "feature"], ascending=[False, True]).head(features)
    rows = pd.concat([rows[is_score], most]).sort_values(["psi", "feature"])
    axes.barh(
        [_words(name) for name in rows["feature"]],
        rows["psi"].clip(upper=_LARGEST_PSI),
        color=np.where(rows["kind"] == "score", _CHAMPION, _OTHER),
    )
    axes.axvline(DRIFT_LIMIT, color="black", linestyle="--", linewidth=1, label="limit")
    axes.set(
        title="Drift against the training data", xlabel="population stability index (orange: scores; 1 stands for more)"
    )
    axes.tick_params(labelsize="small")
    axes.legend(fontsize="small", loc="lower right")
    return figure


def _of_champions(frame: pd.DataFrame, board: pd.DataFrame) -> pd.DataFrame:
    champions = board.loc[board["is_champion"], ["target", "model"]].drop_duplicates()
    return frame.merge(champions, on=["target", "model"])


def _intervals(axes: Axes, rows: pd.DataFrame) -> None:
    points = rows[["value", "ci_low", "ci_high", "is_champion"]].itertuples(index=False, name=None)
    for y, (value, low, high, is_champion) in enumerate(points):
        colour = _CHAMPION if is_champion else _OTHER
        axes.plot([low, high], [y, y], color=colour)
        axes.plot(value, y, "o", color=colour)
    axes.set_yticks(range(len(rows)), [_words(model) for model in rows["model"]], fontsize="small")


def _panels(targets: list[str], width: float = 3.4) -> tuple[Figure, dict[str, Axes]]:
    from matplotlib.figure import Figure

    columns = min(len(targets), _COLUMNS)
    rows = -(-len(targets) // columns)
    figure = Figure(figsize=(width * columns, 3.2 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for spare in axes[len(targets) :]:
        spare.set_visible(False)
    return figure, dict(zip(targets, axes, strict=False))


def _words(name: object) -> str:
    return str(name).replace("_", " ")
