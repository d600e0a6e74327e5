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
    assert conformal_quantile(errors, 0.99) == 10
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


@given(arrays.arrays(float, st.integers(1, 60), elements=finite), st.floats(0.01, 1e4), st.floats(0, 1e6))
def test_bounds_are_ordered_and_never_negative(errors, scale, mean):
    reach = calibrate(backtest_of(errors, scale=scale))
    row = add_intervals(reach.assign(mean=mean, scale=scale)).iloc[0]
    assert 0 <= row["lo_95"] <= row["lo_80"] <= row["mean"] <= row["hi_80"] <= row["hi_95"]


@given(st.integers(0, 10_000))
def test_exchangeable_errors_are_covered_as_asked(seed):
    rng = np.random.default_rng(seed)
    reach = calibrate(backtest_of(rng.gamma(2, 1, 4000) - 2)).loc["regular"]
    fresh = rng.gamma(2, 1, 4000) - 2
    for coverage in (80, 95):
        share = np.mean((fresh >= -reach[f"below_{coverage}"]) & (fresh <= reach[f"above_{coverage}"]))
        assert share == pytest.approx(coverage / 100, abs=0.04)
