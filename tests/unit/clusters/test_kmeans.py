import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmp_assets.clusters.kmeans import TooFewPointsError, count_distinct, fit_kmeans, nearest_centre

small_points = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=25, unique=True)


def test_worked_example_converges_at_once() -> None:
    points = np.array([[1, 1], [2, 2], [3, 3], [0, 0], [1, 0]], dtype=float)
    initial = np.array([[1, 1], [2, 2]], dtype=float)
    assert nearest_centre(points, initial).tolist() == [0, 1, 1, 0, 0]
    fit = fit_kmeans(points, 2, initial_centres=initial)
    assert fit.labels.tolist() == [0, 1, 1, 0, 0]
    np.testing.assert_allclose(fit.centres, [[2 / 3, 1 / 3], [2.5, 2.5]])
    assert fit.inertia == pytest.approx(7 / 3)


@settings(max_examples=30)
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
    assert count_distinct(points, at_most=9) == 2
    assert count_distinct(points, at_most=1) == 1


def test_many_customers_are_clustered_in_mini_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    points = np.concatenate([generator.normal(centre, 0.1, (200, 2)) for centre in (0, 5, 10)])
    whole = fit_kmeans(points, 3)
    monkeypatch.setattr("dmp_assets.clusters.kmeans.MINI_BATCH_ABOVE", 500)
    batched = fit_kmeans(points, 3)
    assert batched.inertia != whole.inertia
    assert batched.inertia == pytest.approx(whole.inertia, rel=0.05)
    np.testing.assert_array_equal(batched.labels, fit_kmeans(points, 3).labels)
