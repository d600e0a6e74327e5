from datetime import date

import numpy as np
import pytest

from dmp_assets.forecasts.sales.backtest import one_step_scale, rolling_forecasts, window_scores
from dmp_assets.forecasts.sales.series import select_series

AS_OF = date(2018, 1, 1)


@pytest.fixture(scope="module")
def rolled(weekly_of):
    weekly = weekly_of({"A": np.arange(1, 31), "young": np.arange(1, 27)})
    return rolling_forecasts(select_series(weekly, AS_OF, horizon=8).series, horizon=8)


def test_scale_is_the_mean_step_of_the_history():
    assert one_step_scale(np.array([1.0, 3.0, 2.0])) == 1.5


def test_scale_of_a_constant_history_is_one_percent_of_it_and_a_cent_at_least():
    assert one_step_scale(np.full(10, 50.0)) == 0.5
    assert one_step_scale(np.zeros(10)) == 0.01


def test_windows_leave_ten_weeks_to_learn_from(rolled):
    windows = rolled.groupby("series_id")["weeks_held_back"].unique()
    assert windows["A"].tolist() == [0, 8, 16, 18, 20]
    assert windows["young"].tolist() == [0, 8, 16]


def test_every_window_forecasts_the_weeks_after_its_own_history(rolled):
    naive = rolled[(rolled["series_id"] == "A") & (rolled["model"] == "naive")]
    held_out = naive[naive["weeks_held_back"] == 8]
    assert held_out["mean"].tolist() == [22] * 8
    assert held_out["actual"].tolist() == list(range(23, 31))
    ahead = naive[naive["weeks_held_back"] == 0]
    assert ahead["mean"].tolist() == [30] * 8
    assert ahead["actual"].isna().all()
    assert str(ahead["date"].min().date()) == "2018-01-01"


def test_selection_windows_end_before_the_held_out_weeks_begin(rolled):
    held_out = rolled[rolled["weeks_held_back"] == 8]
    assert rolled.loc[rolled["weeks_held_back"] >= 16, "date"].max() < held_out["date"].min()


def test_scores_are_absolute_errors_over_the_scale(rolled):
    scores = window_scores(rolled[rolled["weeks_held_back"] == 8]).set_index(["series_id", "model"])
    # Naive 22 against 23 .. 30: 4.5 on average; the history steps by 1.
    assert scores.loc[("A", "naive"), ["mae", "mase"]].tolist() == [4.5, 4.5]
