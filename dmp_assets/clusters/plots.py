"""Charts of the clusters. Every function takes served tables or scaled points and returns a matplotlib Figure.

Of tables that hold several methods they show the served one.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dmp_assets.clusters.describe import standardised_differences
from dmp_assets.clusters.methods import SERVED_METHOD, pairwise_rows, ward_tree
from dmp_assets.clusters.selection import MINIMUM_STABILITY
from dmp_assets.platform.pictures import blank, drawn

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@drawn
def plot_projection(points: pd.DataFrame, customer_clusters: pd.DataFrame) -> "Figure":
    """Draw customers on the two principal components of the scaled features, coloured by cluster.

    `points` comes from `features.transform_features`, `customer_clusters` is the served table of the same customers.
    The axis labels name the two features that weigh most in each component, with their sign.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    scores, loadings, explained = _principal_components(points.to_numpy())
    clusters = _served(customer_clusters).set_index("customer_id").loc[points.index]
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for cluster, members in clusters.groupby("cluster_id"):
        rows = points.index.get_indexer(members.index)
        label = f"{members['cluster_name'].iloc[0]} ({len(members):,})"
        colour = colormaps["tab10"](int(str(cluster)) % 10)
        axes.scatter(scores[rows, 0], scores[rows, 1], s=7, alpha=0.6, linewidths=0, color=colour, label=label)
    axes.set_xlabel(_component_label(1, loadings[0], explained[0], list(points.columns)))
    axes.set_ylabel(_component_label(2, loadings[1], explained[1], list(points.columns)))
    axes.set_title("Customers by cluster, on two principal components")
    figure.legend(loc="outside lower center", ncols=2, fontsize=8, markerscale=2, frameon=False)
    return figure


@drawn
def plot_cluster_profiles(points: pd.DataFrame, customer_clusters: pd.DataFrame) -> "Figure":
    """Draw the mean of each cluster in each feature, in standard deviations from the average customer."""
    from matplotlib.figure import Figure

    clusters = _served(customer_clusters).set_index("customer_id")
    differences = standardised_differences(points, clusters["cluster_id"])
    names = clusters.drop_duplicates("cluster_id").set_index("cluster_id")["cluster_name"].loc[differences.index]
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    values = differences.to_numpy()
    limit = max(1.0, float(np.abs(values).max()))
    image = axes.imshow(values, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        colour = "white" if abs(value) > 0.6 * limit else "black"
        axes.text(column, row, f"{value:+.1f}", ha="center", va="center", color=colour, fontsize=9)
    axes.set_xticks(range(values.shape[1]), labels=[_feature_label(name) for name in differences.columns], fontsize=8)
    axes.set_yticks(range(values.shape[0]), labels=list(names), fontsize=8)
    axes.set_title("What sets each cluster apart")
    figure.colorbar(image, ax=axes, label="Standard deviations from average")
    return figure


@drawn
def plot_selection(selection: pd.DataFrame) -> "Figure":
    """Draw the evidence for the number of clusters: one panel per measure, the chosen k marked."""
    from matplotlib.figure import Figure

    selection = _served(selection)
    chosen = selection.loc[selection["is_chosen"], "k"].item()
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    panels = {
        "stability_ari": "Bootstrap ARI (higher is better)",
        "silhouette": "Silhouette (higher is better)",
        "calinski_harabasz": "Calinski-Harabasz (higher is better)",
        "davies_bouldin": "Davies-Bouldin (lower is better)",
    }
    grid = figure.subplots(2, 2, sharex=True)
    for axes, (measure, label) in zip(grid.flat, panels.items(), strict=True):
        axes.plot(selection["k"], selection[measure], marker="o", color="#4C78A8")
        axes.axvline(chosen, color="#E45756", linestyle="--", linewidth=1)
        axes.set_title(label, fontsize=9)
        axes.spines[["top", "right"]].set_visible(False)
    grid[0, 0].axhline(MINIMUM_STABILITY, color="grey", linestyle=":", linewidth=1)
    grid[0, 0].annotate(f"limit {MINIMUM_STABILITY}", (selection["k"].min(), MINIMUM_STABILITY), fontsize=7, va="top")
    for axes in grid[1]:
        axes.set_xlabel("Number of clusters k")
        axes.set_xticks(list(selection["k"]))
    figure.suptitle(f"Evidence for the number of clusters: k = {chosen} chosen", fontsize=11)
    return figure


@drawn
def plot_dendrogram(points: pd.DataFrame, *, branches: int = 20) -> "Figure":
    """Draw the top of Ward's tree: the last merges of up to `branches` branches, each labelled by its customers.

    The height of a merge is Ward's distance; a long stem between two merges speaks for the number of clusters there.
    Beyond PAIRWISE_LIMIT customers the tree is that of a seeded sample.
    """
    from matplotlib.figure import Figure
    from scipy.cluster.hierarchy import dendrogram

    if len(points) < 2:
        return blank("a single customer does not merge with anybody")
    tree = ward_tree(points.to_numpy()[pairwise_rows(len(points))])
    top = dendrogram(tree, truncate_mode="lastp", p=branches, no_plot=True)
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for across, height in zip(top["icoord"], top["dcoord"], strict=True):
        axes.plot(across, height, color="#4C78A8", linewidth=1)
    # SciPy puts the leaves at 5, 15, 25 ...
    axes.set_xticks([5 + 10 * leaf for leaf in range(len(top["ivl"]))], labels=top["ivl"], rotation=90, fontsize=7)
    axes.set_xlabel("Customers in the branch (in brackets), or one customer's row number")
    axes.set_ylabel("Ward's distance of the merge")
    axes.set_title("How customers merge into ever larger groups (Ward)")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _served(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["method"] == SERVED_METHOD]


def _principal_components(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores (n, 2), loadings (2, d) and shares of variance (2,); each component's largest loading is made positive."""
    centred = values - values.mean(axis=0)
    _, singular, directions = np.linalg.svd(centred, full_matrices=False)
    loadings = np.zeros((2, values.shape[1]))
    explained = np.zeros(2)
    found = min(2, len(directions))
    loadings[:found] = directions[:found]
    explained[:found] = singular[:found] ** 2 / max(float((singular**2).sum()), 1e-12)
    largest = np.abs(loadings).argmax(axis=1)
    loadings = loadings * np.where(loadings[[0, 1], largest] < 0, -1.0, 1.0)[:, None]
    return centred @ loadings.T, loadings, explained


def _component_label(number: int, loadings: np.ndarray, explained: float, columns: list[str]) -> str:
    heaviest = np.argsort(-np.abs(loadings), kind="stable")[:2]
    words = ", ".join(f"{'+' if loadings[i] >= 0 else '-'} {columns[i].replace('_', ' ')}" for i in heaviest)
    return f"Component {number}, {100 * explained:.0f} % of variance\n({words})"


def _feature_label(column: str) -> str:
    return column.replace("_", "\n")
