from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from dmp_assets.clusters.methods import METHODS, NOISE, SERVED_METHOD
from dmp_assets.clusters.plots import plot_dendrogram, plot_selection
from dmp_assets.clusters.schema import CLUSTER_SELECTION
from dmp_assets.clusters.selection import bootstrap_stability, choose_setting, evaluate_settings, select_clusters

AS_OF = date(2018, 1, 1)
QUICK = {name: replace(method, n_bootstraps=3) for name, method in METHODS.items()}


def evidence(rows: list[tuple[int, float, float]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=pd.Index(["k", "stability_ari", "smallest_cluster_share"]))
    return table.assign(setting=[f"setting {number}" for number in range(len(table))])


def chosen(table: pd.DataFrame) -> int:
    return int(table.index[table["is_chosen"]].item())


def test_the_most_stable_clusters_without_a_tiny_one_are_chosen() -> None:
    table = choose_setting(evidence([(2, 0.99, 0.4), (3, 0.95, 0.2), (4, 0.86, 0.1), (5, 0.84, 0.1), (6, 0.90, 0.01)]))
    assert chosen(table) == 2
    reasons = table["reason"]
    assert reasons[0].startswith("below 3 clusters")
    assert reasons[1].startswith("stable, but setting 2 gives more clusters")
    assert reasons[2].startswith("chosen: the most clusters that are stable")
    assert reasons[3] == "not stable: bootstrap ARI 0.84 is below 0.85"
    assert reasons[4] == "a tiny cluster: 1.0 % of customers is below 3 %"


def test_of_as_many_clusters_the_more_stable_are_chosen() -> None:
    table = choose_setting(evidence([(4, 0.90, 0.2), (4, 0.95, 0.2), (4, 0.95, 0.2)]))
    assert chosen(table) == 1
    assert table["reason"][2].startswith("stable, but setting 1 gives clusters at least as stable")


def test_without_a_stable_setting_the_most_stable_of_at_least_three_clusters_is_chosen() -> None:
    table = choose_setting(evidence([(2, 0.99, 0.4), (3, 0.5, 0.2), (4, 0.7, 0.1), (5, 0.7, 0.1)]))
    assert chosen(table) == 2
    assert "most stable" in table["reason"][2]


def test_fewer_clusters_are_chosen_only_where_nothing_else_is_possible() -> None:
    assert chosen(choose_setting(evidence([(2, 0.3, 0.4)]))) == 0
    table = choose_setting(evidence([(0, 1.0, 0.0), (1, 0.9, 0.9), (0, 1.0, 0.0)]))
    assert chosen(table) == 1
    assert table["reason"][0] == "no cluster: every customer is noise"
    assert chosen(choose_setting(evidence([(0, 1.0, 0.0), (0, 1.0, 0.0)]))) == 0


def test_every_method_meets_the_contract_and_kmeans_finds_the_plain_groups(
    features: pd.DataFrame, points: pd.DataFrame
) -> None:
    selection, fits = select_clusters(points, AS_OF, methods=QUICK)
    CLUSTER_SELECTION.validate(selection, lazy=True)
    assert list(fits) == list(METHODS)
    kmeans = selection[selection["method"] == "kmeans"]
    assert kmeans["inertia"].is_monotonic_decreasing
    assert kmeans.set_index("k").loc[3, "stability_ari"] == 1
    groups = features.set_index("customer_id")["group"].loc[points.index]
    for method in ("ward", "dbscan", "hdbscan"):
        found = pd.Series(fits[method].labels, index=points.index)
        assert groups.groupby(found[found != NOISE]).nunique().eq(1).all(), method
    again, _ = select_clusters(points, AS_OF, methods=QUICK)
    pd.testing.assert_frame_equal(selection, again)


@pytest.mark.parametrize("customer_count", [3, 7])
def test_few_customers_are_enough_for_every_method(points: pd.DataFrame, customer_count: int) -> None:
    selection, fits = select_clusters(points.head(customer_count), AS_OF, methods=QUICK)
    CLUSTER_SELECTION.validate(selection, lazy=True)
    assert {len(fit.labels) for fit in fits.values()} == {customer_count}


def test_clusters_of_noise_are_not_stable() -> None:
    points = np.random.default_rng(0).normal(size=(120, 5))
    method = QUICK["kmeans"]
    assert bootstrap_stability(points, method, [4], method.partitions(points, [4], 0))[0] < 0.8


def test_a_sample_without_k_distinct_points_counts_as_unstable() -> None:
    points = np.array([[0.0], [1.0], [2.0]])
    method = METHODS["kmeans"]
    assert bootstrap_stability(points, method, [3], method.partitions(points, [3], 0))[0] < 1


def test_a_k_that_the_customers_cannot_fill_is_left_out() -> None:
    points = np.array([[0.0, 0.0], [1.0, 0.0], [5.0, 5.0], [6.0, 5.0]])
    assert evaluate_settings(points, QUICK["kmeans"])[0]["k"].tolist() == [2, 3]


@pytest.mark.parametrize("points", [np.zeros((1, 2)), np.zeros((50, 2)), np.array([[0.0], [1.0]])])
def test_too_few_different_customers_are_in_one_cluster(points: np.ndarray) -> None:
    selection, fits = select_clusters(pd.DataFrame(points), AS_OF)
    CLUSTER_SELECTION.validate(selection, lazy=True)
    assert selection["reason"].tolist() == ["everybody in one cluster: fewer than 3 customers differ"]
    assert list(fits) == [SERVED_METHOD]
    assert fits[SERVED_METHOD].labels.tolist() == [0] * len(points)


def test_a_single_customer_has_no_tree_to_draw() -> None:
    figure = plot_dendrogram(pd.DataFrame({"frequency": [0.0]}))
    assert "single customer" in figure.texts[0].get_text()


def test_the_silhouette_of_many_customers_is_taken_over_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dmp_assets.clusters.methods.PAIRWISE_LIMIT", 30)
    generator = np.random.default_rng(0)
    points = np.concatenate([generator.normal(centre, 0.1, (100, 2)) for centre in (0, 5, 10)])
    table, _ = evaluate_settings(points, replace(METHODS["kmeans"], settings=lambda _: [3], n_bootstraps=1))
    assert table["silhouette"].item() > 0.9


def test_the_chart_marks_the_chosen_k(points: pd.DataFrame) -> None:
    figure = plot_selection(select_clusters(points, AS_OF, methods={"kmeans": QUICK["kmeans"]})[0])
    figure.draw_without_rendering()
    assert "chosen" in figure.get_suptitle()
