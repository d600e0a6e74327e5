"""Pictures of the leaderboard: frames in, matplotlib figures out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dmp_assets.recommendations.leaderboard import LISTS, SELECTION_METRIC
from dmp_assets.recommendations.strategies import BASELINES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE_INCHES = (8, 4)


def plot_leaderboard(board: pd.DataFrame) -> Figure:
    """Return the NDCG@10 of every strategy with its interval, one panel per list, the list's baseline as a line.

    Args:
        board: recommendations.leaderboard.

    Raises:
        ValueError: if the leaderboard is empty.
    """
    from matplotlib.figure import Figure

    rows = board[board["metric"] == SELECTION_METRIC]
    if rows.empty:
        raise ValueError("There is no leaderboard to draw.")
    names = [name for name in LISTS if name in set(rows["list"])]
    order = rows.pivot_table(index="strategy", columns="list", values="value").max(axis=1).sort_values().index

    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, names, strict=True):
        table = rows[rows["list"] == name].set_index("strategy").reindex(order)
        places = range(len(table))
        errors = [table["value"] - table["ci_low"], table["ci_high"] - table["value"]]
        colours = ["tab:orange" if is_champion is True else "tab:blue" for is_champion in table["is_champion"]]
        axes.barh(places, table["value"].fillna(0), color=colours)
        axes.errorbar(table["value"], places, xerr=errors, fmt="none", ecolor="black", capsize=2, linewidth=1)
        if BASELINES[name] in set(table.dropna(subset="value").index):
            axes.axvline(table.loc[BASELINES[name], "value"], color="black", linestyle="--", linewidth=1)
        customers = int(rows.loc[rows["list"] == name, "customers"].iloc[0])
        axes.set(title=f"{name} ({customers:,} customers)", xlabel="NDCG@10")
        axes.title.set_fontsize("small")
    panels[0].set_yticks(range(len(order)), [strategy.replace("_", " ") for strategy in order])
    figure.suptitle("How well each strategy foresees purchases (orange: champion, dashed: baseline)", fontsize="medium")
    return figure
