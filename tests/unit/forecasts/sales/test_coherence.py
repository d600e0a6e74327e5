import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dmp_assets.forecasts.sales.coherence import reconcile

LEVELS = ["total", "store", "store", "category", "category", "category"]
CONSTRAINTS = np.array([[-1, 1, 1, 0, 0, 0], [-1, 0, 0, 1, 1, 1]], dtype=float)


def forecasts(mean, variance, levels=LEVELS, has_negatives=False):
    return pd.DataFrame(
        {"group": 0, "level": levels, "mean": mean, "error_variance": variance, "has_negatives": has_negatives}
    )


def test_the_closed_form_is_the_minimum_trace_projection():
    mean, variance = np.array([100.0, 70, 20, 50, 40, 30]), np.array([9.0, 4, 1, 4, 2, 3])
    weights = np.diag(variance)
    adjustment = np.linalg.solve(CONSTRAINTS @ weights @ CONSTRAINTS.T, CONSTRAINTS @ mean)
    expected = mean - weights @ CONSTRAINTS.T @ adjustment
    np.testing.assert_allclose(reconcile(forecasts(mean, variance)), expected)


def test_what_is_known_best_changes_least():
    mean = reconcile(forecasts([100, 80, 10], [1.0, 99.0, 1.0], ["total", "store", "store"]))
    assert mean.tolist() == pytest.approx([100 - 10 / 101, 80 + 990 / 101, 10 + 10 / 101])


def test_without_a_total_nothing_changes():
    assert reconcile(forecasts([3.0, 4.0], [1.0, 1.0], ["store", "category"])).tolist() == [3.0, 4.0]


def test_without_forecasts_there_is_nothing_to_do():
    assert reconcile(forecasts([], [], [])).empty


def test_net_sales_may_be_below_zero_and_a_closed_day_stays():
    levels = ["total", "store", "store", "category"]
    mean = reconcile(forecasts([-10, -20, 30, -30], [1.0, 1.0, 1.0, 1.0], levels, [True, True, False, True]))
    assert mean.iloc[0] == mean.iloc[1] + mean.iloc[2] == mean.iloc[3]
    assert mean.iloc[0] < 0 <= mean.iloc[2]
    closed = reconcile(forecasts([0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], levels))
    assert closed.tolist() == [0, 0, 0, 0]


@given(
    arrays.arrays(float, 6, elements=st.floats(0, 1e5)),
    arrays.arrays(float, 6, elements=st.floats(1e-6, 1e8)),
)
def test_levels_add_up_and_nothing_is_negative(mean, variance):
    reconciled = reconcile(forecasts(mean, variance)).to_numpy()
    assert (reconciled >= 0).all()
    np.testing.assert_allclose(CONSTRAINTS @ reconciled, 0, atol=1e-6 * max(mean.max(), 1))


@given(arrays.arrays(float, 3, elements=st.floats(0, 1e5)), arrays.arrays(float, 2, elements=st.floats(1e-3, 1e6)))
def test_forecasts_that_add_up_stay(parts, variance):
    mean = [parts.sum(), *parts]
    same = reconcile(forecasts(mean, [1.0, *variance, 2.0], ["total", "store", "store", "store"]))
    np.testing.assert_allclose(same, mean, rtol=1e-9, atol=1e-6)
