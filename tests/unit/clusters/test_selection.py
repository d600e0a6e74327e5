from datetime import date

import numpy as np
import pandas as pd
import pytest

from dmp_assets.clusters.features import transform_features
from dmp_assets.clusters.kmeans import TooFewPointsError, fit_kmeans
from dmp_assets.clusters.plots import plot_selection
from dmp_assets.clusters.schema import CLUSTER_SELECTION
from dmp_assets.clusters.selection import bootstrap_stability, choose_k, chosen_k, cluster_selection, evaluate_k

AS_OF = date(2018, 1, 1)


def evidence(rows: list[tuple[int, float, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=pd.Index(["k", "stability_ari", "smallest_cluster_share"]))


def test_the_largest_stable_k_without_a_tiny_cluster_is_chosen() -> None:
    table = choose_k(evidence([(2, 0.99, 0.4), (3, 0.95, 0.2), (4, 0.86, 0.1), (5, 0.84, 0.1), (6, 0.90, 0.01)]))
    assert chosen_k(table) == 4
    reasons = table.set_index("k")["reason"]
    assert reasons[2].startswith("not considered: below 3 clusters")
    assert reasons[3].startswith("stable, but so is the larger k = 4")
    assert reasons[4].startswith("chosen: the largest k that is stable")
    assert reasons[5] == "not stable: bootstrap ARI 0.84 is below 0.85"
    assert reasons[6] == "a tiny cluster: 1.0 % of customers is below 3 %"


def test_without_a_stable_k_the_most_stable_of_at_least_three_is_chosen() -> None:
    table = choose_k(evidence([(2, 0.99, 0.4), (3, 0.5, 0.2), (4, 0.7, 0.1), (5, 0.7, 0.1)]))
    assert chosen_k(table) == 4
    assert "most stable" in table.set_index("k")["reason"][4]


def test_two_clusters_are_chosen_only_where_nothing_else_is_possible() -> None:
    assert chosen_k(choose_k(evidence([(2, 0.3, 0.4)]))) == 2


def test_selection_meets_its_contract_and_finds_the_plain_groups(features: pd.DataFrame) -> None:
    selection = cluster_selection(transform_features(features), AS_OF, ks=(2, 3), n_bootstraps=5)
    CLUSTER_SELECTION.validate(selection, lazy=True)
    assert chosen_k(selection) == 3
    assert selection.set_index("k").loc[3, "stability_ari"] == 1
    assert selection["inertia"].is_monotonic_decreasing


def test_selection_is_the_same_from_run_to_run(features: pd.DataFrame) -> None:
    points = transform_features(features)
    first = cluster_selection(points, AS_OF, ks=(3, 4), seed=2, n_bootstraps=3)
    pd.testing.assert_frame_equal(first, cluster_selection(points, AS_OF, ks=(3, 4), seed=2, n_bootstraps=3))


def test_clusters_of_noise_are_not_stable() -> None:
    noise = np.random.default_rng(0).normal(size=(120, 5))
    labels = fit_kmeans(noise, 4).labels
    assert bootstrap_stability(noise, 4, labels=labels, n_bootstraps=5) < 0.8


def test_a_sample_without_k_distinct_points_counts_as_unstable() -> None:
    points = np.array([[0.0], [1.0], [2.0]])
    assert bootstrap_stability(points, 3, labels=np.array([0, 1, 2]), n_bootstraps=10) < 1


def test_a_k_that_the_customers_cannot_fill_is_left_out() -> None:
    points = np.array([[0.0, 0.0], [1.0, 0.0], [5.0, 5.0], [6.0, 5.0]])
    assert evaluate_k(points, n_bootstraps=2)["k"].tolist() == [2, 3]


@pytest.mark.parametrize("points", [np.zeros((1, 2)), np.zeros((50, 2)), np.array([[0.0], [1.0]])])
def test_too_few_different_customers_are_refused(points: np.ndarray) -> None:
    with pytest.raises(TooFewPointsError, match="at least 3 customers that differ"):
        evaluate_k(points)


def test_the_silhouette_of_many_customers_is_taken_over_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dmp_assets.clusters.selection.SILHOUETTE_SAMPLE", 30)
    generator = np.random.default_rng(0)
    points = np.concatenate([generator.normal(centre, 0.1, (100, 2)) for centre in (0, 5, 10)])
    assert evaluate_k(points, [3], n_bootstraps=1)["silhouette"].item() > 0.9


def test_the_chart_marks_the_chosen_k(features: pd.DataFrame) -> None:
    figure = plot_selection(cluster_selection(transform_features(features), AS_OF, ks=(2, 3), n_bootstraps=2))
    figure.draw_without_rendering()
    assert "k = 3 chosen" in figure.get_suptitle()
