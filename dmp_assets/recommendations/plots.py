"""Pictures of the leaderboard: frames in, matplotlib figures out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from dmp_assets.platform.pictures import blank, drawn
from dmp_assets.recommendations.names import LISTS, PRODUCT_LISTS, SELECTION_METRIC
from dmp_assets.recommendations.segments import ALL_CUSTOMERS, FREQUENCY_SEGMENTS
from dmp_assets.recommendations.strategies import BASELINES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE_INCHES = (8, 4)


@drawn
def plot_leaderboard(board: pd.DataFrame, lists: Sequence[str] = LISTS) -> Figure:
    """Return the NDCG@10 of every strategy with its interval, one panel per list, the list's baseline as a line.

    Args:
        board: recommendations.leaderboard.
        lists: those to draw, for example LISTS or PRODUCT_LISTS.
    """
    from matplotlib.figure import Figure

    rows = _selection_rows(board, lists)
    rows = rows[rows["segment"] == ALL_CUSTOMERS]
    if rows.empty:
        return blank(_nothing(lists))
    names = [name for name in lists if name in set(rows["list"])]
    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    # The strategies of customers are the same on every list; those of products are not.
    is_shared = not set(names) & set(PRODUCT_LISTS)
    panels = figure.subplots(1, len(names), sharey=is_shared, squeeze=False)[0]
    shared = rows.groupby("strategy")["value"].max().sort_values(kind="stable").index
    for axes, name in zip(panels, names, strict=True):
        own = rows[rows["list"] == name].set_index("strategy")
        table = own.reindex(shared) if is_shared else own.sort_values("value", kind="stable")
        places = range(len(table))
        errors = [table["value"] - table["ci_low"], table["ci_high"] - table["value"]]
        colours = ["tab:orange" if is_champion is True else "tab:blue" for is_champion in table["is_champion"]]
        axes.barh(places, table["value"].fillna(0), color=colours)
        axes.errorbar(table["value"], places, xerr=errors, fmt="none", ecolor="black", capsize=2, linewidth=1)
        if BASELINES[name] in own.index:
            axes.axvline(own.loc[BASELINES[name], "value"], color="black", linestyle="--", linewidth=1)
        if not is_shared or axes is panels[0]:
            axes.set_yticks(places, [strategy.replace("_", " ") for strategy in table.index])
        axes.set(title=f"{name.replace('_', ' ')} ({int(own['customers'].iloc[0]):,} customers)", xlabel="NDCG@10")
        axes.title.set_fontsize("small")
    figure.suptitle("How well each strategy foresees purchases (orange: champion, dashed: baseline)", fontsize="medium")
    return figure


@drawn
def plot_segments(board: pd.DataFrame, lists: Sequence[str] = LISTS) -> Figure:
    """Return the NDCG@10 of each list's champion and baseline for light, medium and heavy customers, with intervals.

    Args:
        board: recommendations.leaderboard.
        lists: those to draw, one panel each.
    """
    from matplotlib.figure import Figure

    rows = _selection_rows(board, lists)
    if rows.empty:
        return blank(_nothing(lists))
    names = [name for name in lists if name in set(rows["list"])]
    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    panels = figure.subplots(1, len(names), squeeze=False)[0]
    for axes, name in zip(panels, names, strict=True):
        own = rows[rows["list"] == name]
        best = own.loc[own["is_champion"], "strategy"].iloc[0]
        shown = list(dict.fromkeys([best, BASELINES[name]]))
        for step, strategy in enumerate(shown):
            table = own[own["strategy"] == strategy].set_index("segment").reindex(FREQUENCY_SEGMENTS)
            places = [place + 0.4 * step - 0.2 for place in range(len(table))]
            errors = [table["value"] - table["ci_low"], table["ci_high"] - table["value"]]
            colour = "tab:orange" if strategy == best else "tab:blue"
            axes.bar(places, table["value"].fillna(0), width=0.4, label=strategy.replace("_", " "), color=colour)
            axes.errorbar(places, table["value"], yerr=errors, fmt="none", ecolor="black", capsize=2, linewidth=1)
        axes.set_xticks(range(len(FREQUENCY_SEGMENTS)), FREQUENCY_SEGMENTS)
        axes.set(title=name.replace("_", " "), ylabel="NDCG@10" if axes is panels[0] else "")
        axes.legend(fontsize="x-small")
    figure.suptitle("Champion and baseline by how often customers order", fontsize="medium")
    return figure


def _nothing(lists: Sequence[str]) -> str:
    return f"the last month held nothing to foresee of {', '.join(name.replace('_', ' ') for name in lists)}"


def _selection_rows(board: pd.DataFrame, lists: Sequence[str]) -> pd.DataFrame:
    return board[board["metric"].eq(SELECTION_METRIC) & board["list"].isin(list(lists))]
