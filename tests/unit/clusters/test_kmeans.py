import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmp_assets.clusters.features import transform_features
from dmp_assets.clusters.kmeans import (
    TooFewPointsError,
    assign_clusters,
    fit_kmeans,
    has_distinct_rows,
    nearest_centre,
    order_clusters,
)

small_points = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=25, unique=True)


def test_worked_example_converges_at_once() -> None:
    points = np.array([[1, 1], [2, 2], [3, 3], [0, 0], [1, 0]], dtype=float)
    initial = np.array([[1, 1], [2, 2]], dtype=float)
    assert nearest_centre(points, initial).tolist() == [0, 1, 1, 0, 0]
    fit = fit_kmeans(points, 2, initial_centres=initial)
    assert fit.labels.tolist() == [0, 1, 1, 0, 0]
    np.testing.assert_allclose(fit.centres, [[2 / 3, 1 / 3], [2.5, 2.5]])
    assert fit.inertia == pytest.approx(7 / 3)


@settings(max_examples=30, deadline=None)
@given(small_points)
def test_centres_are_the_means_of_their_members_and_each_point_is_at_its_nearest(points: list[tuple[int, int]]) -> None:
    values = np.array(points, dtype=float)
    fit = fit_kmeans(values, 3, n_init=3)
    assert set(fit.labels) == {0, 1, 2}
    distances = np.linalg.norm(values[:, None] - fit.centres[None], axis=2)
    np.testing.assert_allclose(distances[np.arange(len(values)), fit.labels], distances.min(axis=1), atol=1e-9)
    np.testing.assert_allclose(fit.inertia, (distances.min(axis=1) ** 2).sum(), atol=1e-9)


@pytest.mark.parametrize("points", [[[1.0, 2.0]], [[1.0, 2.0]] * 9, [[0.0, 1.0], [-0.0, 1.0]]])
def test_fewer_distinct_points_than_clusters_are_refused(points: list[list[float]]) -> None:
    with pytest.raises(TooFewPointsError, match="k=2 clusters need at least 2 customers that differ"):
        fit_kmeans(np.array(points), 2)


def test_no_cluster_is_refused() -> None:
    with pytest.raises(ValueError, match="k must be at least 1"):
        fit_kmeans(np.zeros((3, 2)), 0)


def test_distinct_rows_are_counted() -> None:
    points = np.array([[0.0], [-0.0], [1.0]])
    assert has_distinct_rows(points, 2)
    assert not has_distinct_rows(points, 3)


def test_clusters_are_numbered_by_value_then_size_then_first_member() -> None:
    assert order_clusters(np.array([2, 0, 1]), np.array([1.0, 5.0, 3.0])).tolist() == [2, 0, 1]
    assert order_clusters(np.array([0, 1, 1]), np.array([4.0, 4.0, 4.0])).tolist() == [1, 0, 0]
    assert order_clusters(np.array([1, 0]), np.array([4.0, 4.0])).tolist() == [0, 1]


def test_plain_groups_are_found_and_numbered_by_spend(features: pd.DataFrame) -> None:
    clusters = assign_clusters(features, transform_features(features), 3)
    found = clusters.merge(features, on="customer_id").groupby("group")["cluster_id"].unique().map(list).to_dict()
    assert found == {"private": [0], "discount": [1], "lapsed": [2]}
    assert (clusters["distance_to_centre"] >= 0).all()


def test_labels_are_the_same_from_run_to_run_and_for_any_order_of_rows(features: pd.DataFrame) -> None:
    first = assign_clusters(features, transform_features(features), 5, seed=3)
    shuffled = features.sample(frac=1, random_state=5)
    pd.testing.assert_frame_equal(first, assign_clusters(shuffled, transform_features(shuffled), 5, seed=3))


def test_points_of_other_customers_are_refused(features: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="the same customers"):
        assign_clusters(features.head(5), transform_features(features), 2)
