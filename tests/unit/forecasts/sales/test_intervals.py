import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dmp_assets.forecasts.sales.intervals import add_intervals, calibrate, conformal_quantile

finite = st.floats(-1e6, 1e6)


def backtest_of(errors, window=16, scale=1.0):
    mean = 1e7
    return pd.DataFrame(
        {"group": "regular", "periods_held_back": window, "mean": mean, "actual": mean + errors, "scale": scale}
    )


def test_quantile_follows_the_split_conformal_rank():
    errors = np.arange(1.0, 11.0)
    # (10 + 1) x 0.8 = 8.8: the ninth smallest.
    assert conformal_quantile(errors, 0.8) == 9
    # There is no tenth of the way beyond: a normal distribution has 1.335 deviations to 10/11 and 2.326 to 0.99.
    assert conformal_quantile(errors, 0.99) == pytest.approx(10 * 2.3263 / 1.3352, rel=1e-3)
    assert conformal_quantile(-errors, 0.8) == 0


def test_quantile_of_nothing_is_an_error():
    with pytest.raises(ValueError, match="at least one backtest error"):
        conformal_quantile(np.array([]), 0.8)


def test_the_window_with_the_larger_errors_decides():
    calm, holiday = np.linspace(-1, 1, 99), np.linspace(-5, 5, 99)
    both = pd.concat([backtest_of(calm, 16), backtest_of(holiday, 18)])
    # In each window 90 % and 97.5 % of the errors, then nine tenths of the way from the calm to the holiday window.
    reach = calibrate(both).loc["regular"]
    alone = calibrate(backtest_of(holiday)).loc["regular"]
    assert alone["above_80"] > reach["above_80"] > 0.8 * alone["above_80"]


def test_the_windows_of_a_small_group_are_one_sample():
    # Eight errors a window hold no 97.5 % quantile; the eighty of ten windows do.
    errors = np.random.default_rng(0).permutation(np.arange(-39.5, 40.5))
    reach = calibrate(pd.concat([backtest_of(part, 16 + n) for n, part in enumerate(np.split(errors, 10))])).loc[
        "regular"
    ]
    assert reach[["below_80", "above_80"]].tolist() == pytest.approx([32.5, 32.5])
    assert reach[["below_95", "above_95"]].tolist() == pytest.approx([38.5, 38.5])


def test_where_sales_are_rare_the_wider_interval_ends_at_the_least_error_beyond_the_narrower():
    errors = np.r_[np.full(197, -0.3), 2.0, 4.0, 8.0]
    reach = calibrate(backtest_of(errors)).loc["regular"]
    assert reach["above_80"] == 0
    assert reach["above_95"] == pytest.approx(2.0)


def test_a_day_on_which_the_shop_is_closed_has_no_width():
    reach = calibrate(backtest_of(np.linspace(-1, 1, 99))).assign(
        mean=0.0, scale=1.0, has_negatives=False, is_closed=True
    )
    assert add_intervals(reach)[["lo_80", "hi_80", "lo_95", "hi_95"]].to_numpy().tolist() == [[0, 0, 0, 0]]


@given(arrays.arrays(float, st.integers(1, 60), elements=finite), st.floats(0.01, 1e4), st.floats(0, 1e6))
def test_bounds_are_ordered_and_never_negative(errors, scale, mean):
    reach = calibrate(backtest_of(errors, scale=scale))
    row = add_intervals(reach.assign(mean=mean, scale=scale, has_negatives=False, is_closed=False)).iloc[0]
    assert 0 <= row["lo_95"] <= row["lo_80"] <= row["mean"] <= row["hi_80"] <= row["hi_95"]


@given(st.integers(0, 10_000))
def test_exchangeable_errors_are_covered_as_asked(seed):
    rng = np.random.default_rng(seed)
    reach = calibrate(backtest_of(rng.gamma(2, 1, 4000) - 2)).loc["regular"]
    fresh = rng.gamma(2, 1, 4000) - 2
    for coverage in (80, 95):
        share = np.mean((fresh >= -reach[f"below_{coverage}"]) & (fresh <= reach[f"above_{coverage}"]))
        assert share == pytest.approx(coverage / 100, abs=0.04)
