import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmp_assets.forecasts.sales.calendar import is_closed_day, month_cycles
from dmp_assets.forecasts.sales.frequencies import DAILY, WEEKLY
from dmp_assets.forecasts.sales.models import WITH_CALENDAR, forecast_histories


def history(amounts, frequency, end="2017-10-29", unique_id=0):
    began = pd.date_range(
        end=pd.Timestamp(end) - frequency.length + pd.Timedelta(days=1), periods=len(amounts), freq=frequency.offset
    )
    return pd.DataFrame({"unique_id": unique_id, "ds": began, "y": np.asarray(amounts, dtype=float)})


def monthly_wage(days):
    """Return more sales in the first third of the month, beside a weekly pattern."""
    return 100 * np.where(days.day <= 10, 1.2, 0.9) * np.where(days.dayofweek == 5, 1.5, 1.0)


@pytest.fixture
def days():
    return history(monthly_wage(pd.date_range(end="2017-10-29", periods=300)), DAILY)


def test_the_time_of_the_month_is_learned_beside_the_weekday(days):
    cycle = month_cycles(days, DAILY, 28).set_index("ds")["factor"]
    assert cycle.index[0] == pd.Timestamp("2017-10-30")
    assert len(cycle) == 28
    assert cycle["2017-11-02":"2017-11-08"].mean() == pytest.approx(1.2, abs=0.05)
    assert cycle["2017-11-14":"2017-11-24"].mean() == pytest.approx(0.9, abs=0.05)


def test_weeks_have_the_cycle_of_their_days(days):
    weekly = days.set_index("ds")["y"].resample("W-MON", closed="left", label="left").sum().iloc[1:]
    cycle = month_cycles(history(weekly, WEEKLY), WEEKLY, 8).set_index("ds")["factor"]
    assert cycle["2017-11-06"] > 1.05
    assert cycle["2017-11-20"] < 0.95


@pytest.mark.parametrize(("model", "of"), WITH_CALENDAR.items())
def test_the_forecast_is_the_plain_one_times_the_cycle(days, model, of):
    ahead = forecast_histories(days, [of, model], DAILY, 28)
    ratio = (ahead[model] / ahead[of]).to_numpy()
    assert ratio == pytest.approx(month_cycles(days, DAILY, 28)["factor"].to_numpy())
    alone = forecast_histories(days, [model], DAILY, 28)
    pd.testing.assert_frame_equal(alone, ahead[["unique_id", "ds", model]])


def test_histories_of_another_end_are_learned_from_apart(days):
    early = days[days["ds"] < "2017-09-01"].assign(unique_id=1)
    both = month_cycles(pd.concat([days, early]), DAILY, 28)
    for one in (days, early):
        alone = month_cycles(one, DAILY, 28)
        own = both[both["last"] == one["ds"].max()].reset_index(drop=True)
        pd.testing.assert_frame_equal(own, alone)


@pytest.mark.parametrize("frequency", [DAILY, WEEKLY])
@pytest.mark.parametrize("amounts", [[0.0] * 30, [5.0] * 30, [7.0]])
def test_without_a_cycle_the_factor_is_one(frequency, amounts):
    assert month_cycles(history(amounts, frequency), frequency, 8)["factor"].to_numpy() == pytest.approx(1.0)


@given(amounts=st.lists(st.floats(0, 1e9), min_size=1, max_size=80))
def test_any_sales_give_a_moderate_factor(amounts):
    factor = month_cycles(history(amounts, DAILY), DAILY, 28)["factor"]
    assert np.isfinite(factor).all()
    assert factor.between(0.3, 3).all()


def test_a_weekday_without_sales_for_eight_weeks_is_closed():
    dates = pd.Series(pd.date_range("2024-01-01", periods=70))
    lately = np.where(dates.dt.dayofweek == 6, 0.0, 5.0)
    histories = pd.concat(
        pd.DataFrame({"unique_id": name, "ds": dates, "y": amounts})
        for name, amounts in enumerate(
            [lately, np.where((dates == "2024-02-04"), 9.0, lately), np.where(dates.dt.dayofweek < 3, 5.0, 0.0)]
        )
    )
    ahead = pd.DataFrame(
        {"unique_id": np.repeat([0, 1, 2], 7), "ds": np.tile(pd.date_range("2024-03-11", periods=7), 3)}
    )
    # The second opened on one Sunday; the third sells on too few days to tell.
    assert np.flatnonzero(is_closed_day(histories, ahead, DAILY)).tolist() == [6]
    assert not is_closed_day(histories, ahead, WEEKLY).any()
