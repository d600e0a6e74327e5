import numpy as np
import pytest

from dmp_assets.clusters.methods import METHODS, NOISE, knee_distance

SETTING = {"kmeans": 3, "ward": 3, "gaussian_mixture": 3, "dbscan": 4, "hdbscan": 10}


@pytest.fixture
def blobs() -> np.ndarray:
    """Three tight groups of 50 and one point far from all."""
    generator = np.random.default_rng(0)
    groups = [generator.normal(centre, 0.2, (50, 2)) for centre in ((0, 0), (5, 0), (0, 5))]
    return np.concatenate([*groups, [[40.0, 40.0]]])


@pytest.mark.parametrize("name", METHODS)
def test_every_method_finds_plain_groups_and_predicts_for_others(name: str, blobs: np.ndarray) -> None:
    groups = blobs[:150]
    (fit,) = METHODS[name].partitions(groups, [SETTING[name]], 0)
    modes = [int(np.bincount(part[part != NOISE]).argmax()) for part in np.split(fit.labels, 3)]
    assert sorted(modes) == [0, 1, 2]
    assert (fit.labels == np.repeat(modes, 50)).mean() > 0.9
    assert fit.centres.shape == (fit.labels.max() + 1, 2)
    np.testing.assert_array_equal(fit.predict(groups[[10, 60, 110]]), fit.labels[[10, 60, 110]])
    assert str(SETTING[name]) in fit.setting


@pytest.mark.parametrize("name", ["dbscan", "hdbscan"])
def test_a_point_far_from_all_stays_noise(name: str, blobs: np.ndarray) -> None:
    (fit,) = METHODS[name].partitions(blobs, [SETTING[name]], 0)
    assert fit.labels[-1] == NOISE
    assert fit.served_labels[-1] == NOISE


@pytest.mark.parametrize("points", [np.zeros((1, 2)), np.zeros((20, 2)), np.eye(3)], ids=["one", "equal", "all noise"])
@pytest.mark.parametrize("name", METHODS)
def test_degenerate_points_give_a_partition_without_gaps(name: str, points: np.ndarray) -> None:
    settings = METHODS[name].settings(points)
    for fit in METHODS[name].partitions(points, settings, 0) if settings and len(points) > 1 else []:
        labels = set(fit.labels) - {NOISE}
        assert labels == set(range(len(fit.centres)))
        assert len(fit.labels) == len(points)


def test_many_customers_are_compared_in_pairs_on_a_sample(blobs: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dmp_assets.clusters.methods.PAIRWISE_LIMIT", 60)
    (fit,) = METHODS["ward"].partitions(blobs[:150], [3], 0)
    assert [len(set(part)) for part in np.split(fit.labels, 3)] == [1, 1, 1]
    assert METHODS["hdbscan"].settings(np.zeros((9_000, 2))) == [5]


def test_the_knee_is_where_distances_start_to_leap() -> None:
    line = np.append(np.arange(50.0), [60.0, 90.0])[:, None]
    assert knee_distance(line, 2) == 1.0
    assert knee_distance(np.zeros((5, 2)), 3) == 1.0
    assert knee_distance(np.arange(4.0)[:, None], 2) == 1.0
