"""Figures of the neighbour tables."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dmp_assets.platform.pictures import blank, drawn

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@drawn
def similarity_by_measure(table: pd.DataFrame, title: str) -> "Figure":
    """Return a panel per measure with the similarity of each row's best and last neighbour, on one scale.

    The further the two lie apart, the more a neighbour's place says. Rows with fewer neighbours than the others are
    left out of the last place, where they would look better than they are.

    Args:
        table: customer_similarity or product_similarity; rank, similarity and measure are read.
        title: what is seen.
    """
    from matplotlib.figure import Figure

    if table.empty:
        return blank("nobody and nothing has enough in common to be neighbours")
    measures = sorted(table["measure"].unique())
    figure = Figure(figsize=(7, 1 + 2 * len(measures)), layout="constrained")
    figure.suptitle(title)
    panels = figure.subplots(len(measures), 1, squeeze=False)[:, 0]
    for axes, measure in zip(panels, measures, strict=True):
        listed = table[table["measure"] == measure]
        last_rank = int(listed["rank"].max())
        edges = np.linspace(listed["similarity"].min(), listed["similarity"].max(), 51).tolist()
        for rank, colour in {1: "tab:blue", last_rank: "tab:orange"}.items():
            values = listed.loc[listed["rank"] == rank, "similarity"]
            label = f"neighbour {rank}: {len(values):,} rows, median {values.median():.2f}"
            axes.hist(values, bins=edges, color=colour, alpha=0.6, label=label)
        axes.set(xlabel=f"{measure.replace('_', ' ')} (-1 to 1)", ylabel="rows (count)")
        axes.legend(frameon=False)
    return figure
