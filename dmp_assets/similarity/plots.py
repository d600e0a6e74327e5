"""Figures of the neighbour tables."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def similarity_of_first_and_last_neighbour(table: pd.DataFrame, title: str) -> "Figure":
    """Return histograms of the similarity of each row's best and last neighbour, on one scale.

    The further the two lie apart, the more a neighbour's place says. Rows with fewer neighbours than the others are
    left out of the last place, where they would look better than they are.

    Args:
        table: customer_similarity or product_similarity; rank, similarity and measure are read.
        title: what is seen.

    Raises:
        ValueError: if the table is empty.
    """
    from matplotlib.figure import Figure

    if table.empty:
        raise ValueError("no neighbours to draw: the similarity table is empty")
    last_rank = int(table["rank"].max())
    edges = np.linspace(table["similarity"].min(), table["similarity"].max(), 51).tolist()
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for rank, colour in {1: "tab:blue", last_rank: "tab:orange"}.items():
        values = table.loc[table["rank"] == rank, "similarity"]
        label = f"neighbour {rank}: {len(values):,} rows, median {values.median():.2f}"
        axes.hist(values, bins=edges, color=colour, alpha=0.6, label=label)
    axes.set(
        title=title, xlabel=f"similarity ({table['measure'].iloc[0].replace('_', ' ')}, -1 to 1)", ylabel="rows (count)"
    )
    axes.legend(frameon=False)
    return figure
