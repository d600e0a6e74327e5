from datetime import date

import numpy as np
import pandas as pd
import pytest

from dmp_assets.forecasts.sales.backtest import held_back_periods, naive_scale, rolling_forecasts, window_scores
from dmp_assets.forecasts.sales.frequencies import WEEKLY
from dmp_assets.forecasts.sales.series import select_series

AS_OF = date(2018, 1, 1)


@pytest.fixture(scope="module")
def rolled(sales_of):
    weekly = pd.concat(
        [
            sales_of({"A": np.arange(1, 31), "young": np.arange(1, 27)}),
            sales_of({"total": np.arange(1, 31) + np.r_[np.zeros(4), np.arange(1, 27)]}, level="total"),
        ]
    )
    series = select_series(weekly, AS_OF, WEEKLY, horizon=8).series
    return rolling_forecasts(series, WEEKLY, 8, [0, *held_back_periods(WEEKLY, 8)])


def rows(rolled, series_id, held_back):
    windows = rolled.windows
    (unique_id,) = windows.index[(windows["series_id"] == series_id) & (windows["periods_held_back"] == held_back)]
    return rolled.forecasts[rolled.forecasts["unique_id"] == unique_id]


def test_scale_is_the_mean_step_of_the_history():
    assert naive_scale(np.array([1.0, 3.0, 2.0]), lag=1) == 1.5
    assert naive_scale(np.array([1.0, 3.0, 2.0]), lag=2) == 1.0


def test_scale_of_a_constant_or_too_short_history_is_one_percent_of_it_and_a_cent_at_least():
    assert naive_scale(np.full(10, 50.0), lag=7) == 0.5
    assert naive_scale(np.full(5, 50.0), lag=7) == 0.5
    assert naive_scale(np.zeros(10), lag=7) == 0.01


def test_windows_leave_ten_weeks_to_learn_from(rolled):
    windows = rolled.windows.groupby("series_id")["periods_held_back"].unique()
    assert sorted(windows["A"]) == [0, 8, 16, 18, 20]
    assert sorted(windows["young"]) == [0, 8, 16]


def test_series_too_young_for_a_window_are_pooled_in_it(rolled):
    pooled = rolled.windows[rolled.windows["is_pooled"]]
    assert set(pooled["series_id"]) == {"category:(others)"}
    assert sorted(pooled["periods_held_back"]) == [18, 20]
    # The young series has 18 weeks before the window of 8 held back, 8 before that of 18.
    assert rows(rolled, "category:(others)", 18)["actual"].tolist() == list(range(9, 17))
    assert rows(rolled, "category:(others)", 18)["window_average"].tolist() == [6.5] * 8


def test_every_window_forecasts_the_weeks_after_its_own_history(rolled):
    held_out = rows(rolled, "A", 8)
    assert held_out["naive"].tolist() == [22] * 8
    assert held_out["actual"].tolist() == list(range(23, 31))
    ahead = rows(rolled, "A", 0)
    assert ahead["naive"].tolist() == [30] * 8
    assert ahead["actual"].isna().all()
    assert str(ahead["date"].min().date()) == "2018-01-01"


def test_selection_windows_end_before_the_held_out_weeks_begin(rolled):
    held_back = rolled.forecasts["unique_id"].map(rolled.windows["periods_held_back"])
    assert rolled.forecasts.loc[held_back >= 16, "date"].max() < rolled.forecasts.loc[held_back == 8, "date"].min()


def test_scores_are_absolute_errors_over_the_scale(rolled):
    scores = window_scores(rolled)
    row = scores[(scores["series_id"] == "A") & (scores["model"] == "naive") & (scores["periods_held_back"] == 8)].iloc[
        0
    ]
    # Naive 22 against 23 .. 30: 4.5 on average; the history steps by 1.
    assert row[["mae", "mase", "selection_error", "bias_amount", "actual_amount"]].tolist() == [4.5, 4.5, 4.5, -36, 212]
    assert row["rmsse"] == pytest.approx(np.sqrt(25.5))


def test_intermittent_series_are_scored_by_squared_errors(sales_of):
    series = select_series(sales_of({"sparse": [6, 0, 0] * 10}), AS_OF, WEEKLY, horizon=8).series
    scores = window_scores(rolling_forecasts(series, WEEKLY, 8, [8]))
    assert {"croston", "croston_sba", "imapa", "naive"} <= set(scores["model"])
    assert (scores["selection_error"] == scores["rmsse"]).all()


def test_a_level_that_adds_up_to_more_than_the_total_is_an_error(sales_of):
    weekly = pd.concat([sales_of({"A": [5] * 30}), sales_of({"total": [4] * 30}, level="total")])
    with pytest.raises(ValueError, match="category add up to more than the total"):
        rolling_forecasts(select_series(weekly, AS_OF, WEEKLY, 8).series, WEEKLY, 8, [0])
