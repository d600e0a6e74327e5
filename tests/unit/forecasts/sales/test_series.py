from datetime import date

import numpy as np
import pandas as pd
import pytest

from dmp_assets.forecasts.sales.series import min_week_count, select_series

AS_OF = date(2018, 1, 1)


def test_a_series_needs_ten_weeks_and_two_horizons():
    assert min_week_count(8) == 26


def test_only_whole_weeks_before_the_as_of_date_are_used(weekly_of):
    weekly = weekly_of({"A": np.arange(1, 31)})
    weekly.loc[weekly.index[0], "is_whole_week"] = False
    selected = select_series(weekly, date(2017, 12, 31), horizon=8)
    # 2017-12-31 is the Sunday of the last week: that week is not over.
    assert selected.series["sales_amount"].tolist() == list(range(2, 30))


def test_short_and_sparse_series_are_listed_with_the_reason(weekly_of):
    weekly = weekly_of({"long": [5] * 30, "short": [5] * 25, "sparse": [5, 0, 0] * 10, "half": [0, 5] * 15})
    selected = select_series(weekly, AS_OF, horizon=8)
    assert selected.series["series_id"].unique().tolist() == ["half", "long"]
    excluded = selected.excluded.set_index("series_id")
    assert excluded["reason"].to_dict() == {
        "short": "fewer than 26 whole weeks",
        "sparse": "sales in fewer than half of the weeks",
    }
    assert excluded.loc["sparse", "sale_week_share"] == pytest.approx(1 / 3)
    assert excluded.loc["short", "sales_amount"] == 125


def test_a_series_that_began_in_an_unfinished_week_is_listed(weekly_of):
    weekly = pd.concat([weekly_of({"A": [5] * 30}), weekly_of({"new": [5]})])
    excluded = select_series(weekly, date(2017, 12, 28), horizon=8).excluded
    assert excluded[["series_id", "whole_week_count", "sale_week_share"]].to_numpy().tolist() == [["new", 0, 0.0]]


def test_row_order_does_not_matter(shop):
    selected = select_series(shop, AS_OF, horizon=8)
    shuffled = select_series(shop.sample(frac=1, random_state=1), AS_OF, horizon=8)
    pd.testing.assert_frame_equal(selected.series, shuffled.series)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda weekly: weekly.drop(columns="level"), "lack the columns level"),
        (lambda weekly: weekly.drop(index=3), "a gap or a repeated week"),
        (lambda weekly: pd.concat([weekly, weekly.loc[[3]]]), "a gap or a repeated week"),
        (lambda weekly: weekly.assign(sales_amount=np.nan), "not a finite number"),
        (lambda weekly: weekly.assign(week_start_on=weekly["week_start_on"] - pd.Timedelta(days=1)), "on a Monday"),
    ],
)
def test_unusable_rows_are_named(weekly_of, damage, message):
    with pytest.raises(ValueError, match=message):
        select_series(damage(weekly_of({"A": [5.0] * 30})), AS_OF, horizon=8)


def test_a_series_that_ends_early_is_an_error(weekly_of):
    weekly = pd.concat([weekly_of({"A": [5] * 30}), weekly_of({"B": [5] * 30}, end="2017-12-18")])
    with pytest.raises(ValueError, match=r"category 'B'.*2017-12-18 is the series' last"):
        select_series(weekly, AS_OF, horizon=8)
