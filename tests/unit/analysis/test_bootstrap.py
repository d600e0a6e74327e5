import numpy as np
import pytest

from dmp_assets.analysis.bootstrap import mean_intervals, resamples


def test_the_interval_of_a_mean_is_that_of_the_normal_approximation():
    values = np.random.default_rng(1).normal(3, 2, 2000)
    low, high = mean_intervals(np.column_stack([values, values + 1]), resamples(2000, seed=0, draws=2000))
    half = 1.96 * values.std() / np.sqrt(2000)
    assert low == pytest.approx([values.mean() - half, values.mean() - half + 1], abs=0.015)
    assert high == pytest.approx([values.mean() + half, values.mean() + half + 1], abs=0.015)


def test_resamples_are_paired_and_repeatable():
    weights = resamples(50, seed=3)
    np.testing.assert_array_equal(weights, resamples(50, seed=3))
    assert weights.sum(axis=1) == pytest.approx(1)
    values = np.arange(50.0)
    low, high = mean_intervals((values + 1 - values)[:, None], weights)
    assert [*low, *high] == pytest.approx([1, 1])
