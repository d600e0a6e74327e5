from datetime import date

import numpy as np
import pandas as pd
import pytest

from dmp_assets.forecasts.sales.frequencies import DAILY, WEEKLY
from dmp_assets.forecasts.sales.series import known_periods, select_series

AS_OF = date(2018, 1, 1)


def test_a_series_needs_some_periods_to_learn_from_and_two_horizons():
    assert WEEKLY.min_periods(8) == 26
    assert DAILY.min_periods(28) == 112


def test_only_whole_weeks_before_the_as_of_date_are_used(sales_of):
    weekly = sales_of({"A": np.arange(1, 31)})
    weekly.loc[weekly.index[0], "is_whole_week"] = False
    # 2017-12-31 is the Sunday of the last week: that week is not over.
    known = known_periods(weekly, date(2017, 12, 31), WEEKLY)
    assert known["sales_amount"].tolist() == list(range(2, 30))


def test_the_day_before_the_as_of_date_is_the_last_one_used(sales_of):
    daily = sales_of({"A": np.arange(1, 31)}, frequency=DAILY)
    assert known_periods(daily, AS_OF, DAILY)["sales_amount"].iloc[-1] == 30
    assert known_periods(daily, date(2017, 12, 31), DAILY)["sales_amount"].iloc[-1] == 29


def test_short_series_are_listed_with_the_reason(sales_of):
    selected = select_series(sales_of({"long": [5] * 30, "short": [5, 0, 0, 0, 0] * 5}), AS_OF, WEEKLY, horizon=8)
    assert selected.series["series_id"].unique().tolist() == ["long"]
    excluded = selected.excluded.set_index("series_id")
    assert excluded["reason"].to_dict() == {"short": "fewer than 26 whole weeks"}
    assert excluded.loc["short", ["whole_period_count", "sale_period_share", "sales_amount"]].tolist() == [25, 0.2, 25]


def test_series_with_sales_in_fewer_than_half_of_the_periods_are_intermittent(sales_of):
    sales = {"half": [0, 5] * 15, "sparse": [5, 0, 0] * 10, "lately": [5] * 15 + [0] * 15, "nothing": [0] * 30}
    series = select_series(sales_of(sales), AS_OF, WEEKLY, horizon=8).series
    assert series.groupby("series_id")["is_intermittent"].first().to_dict() == {
        "half": False,
        # The last eight weeks are held out: they decide nothing.
        "lately": False,
        "nothing": True,
        "sparse": True,
    }


def test_a_series_that_began_in_an_unfinished_week_is_listed(sales_of):
    weekly = pd.concat([sales_of({"A": [5] * 30}), sales_of({"new": [5]})])
    excluded = select_series(weekly, date(2017, 12, 28), WEEKLY, horizon=8).excluded
    assert excluded[["series_id", "whole_period_count", "sale_period_share"]].to_numpy().tolist() == [["new", 0, 0.0]]


def test_row_order_does_not_matter(shop):
    selected = select_series(shop, AS_OF, WEEKLY, horizon=8)
    shuffled = select_series(shop.sample(frac=1, random_state=1), AS_OF, WEEKLY, horizon=8)
    pd.testing.assert_frame_equal(selected.series, shuffled.series)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda weekly: weekly.drop(columns="level"), "lack the columns level"),
        (lambda weekly: weekly.drop(index=3), r"category 'A': the week 2017-06-26 is missing"),
        (lambda weekly: pd.concat([weekly, weekly.loc[[3]]]), "the week 2017-06-26 is there more than once"),
        (lambda weekly: weekly.assign(sales_amount=np.nan), "not a finite number"),
        (lambda weekly: weekly.assign(week_start_on=weekly["week_start_on"] - pd.Timedelta(days=1)), "on a Monday"),
    ],
)
def test_unusable_rows_are_named(sales_of, damage, message):
    with pytest.raises(ValueError, match=message):
        select_series(damage(sales_of({"A": [5.0] * 30})), AS_OF, WEEKLY, horizon=8)


def test_a_series_that_ends_early_is_an_error(sales_of):
    weekly = pd.concat([sales_of({"A": [5] * 30}), sales_of({"B": [5] * 30}, as_of="2017-12-25")])
    with pytest.raises(ValueError, match=r"category 'B': the week 2017-12-25 is missing.*as other series go on"):
        select_series(weekly, AS_OF, WEEKLY, horizon=8)
