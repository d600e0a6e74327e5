from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dmp_assets.forecasts.sales.forecast import forecast_sales
from dmp_assets.forecasts.sales.schema import EXCLUDED_SERIES, FORECAST_ACCURACY, SALES_FORECASTS

AS_OF = date(2018, 1, 1)
SLOW = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


def assert_valid(result):
    SALES_FORECASTS.validate(result.forecasts)
    FORECAST_ACCURACY.validate(result.accuracy)
    EXCLUDED_SERIES.validate(result.excluded)
    assert not any(frame.isna().any(axis=None) for frame in result)


def test_tables_are_as_the_schema_says(shop_forecasts):
    assert_valid(shop_forecasts)


def test_every_series_gets_eight_weeks_from_the_first_unknown_monday(shop_forecasts):
    champions = shop_forecasts.forecasts[shop_forecasts.forecasts["is_champion"]]
    assert champions.groupby(["level", "series_id"]).size().tolist() == [8] * 6
    assert str(champions["date"].min().date()) == "2018-01-01"
    assert str(champions["date"].max().date()) == "2018-02-19"


def test_the_same_rows_give_the_same_tables(shop, shop_forecasts):
    again = forecast_sales(shop.sample(frac=1, random_state=3), AS_OF)
    for first, second in zip(shop_forecasts, again, strict=True):
        pd.testing.assert_frame_equal(first, second, check_exact=True)


@pytest.fixture(scope="module")
def category_forecasts(categories):
    return forecast_sales(categories, AS_OF)


def test_nothing_on_or_after_the_as_of_date_is_used(categories, weekly_of, category_forecasts):
    later = categories.assign(week_start_on=categories["week_start_on"] + pd.Timedelta(weeks=30), sales_amount=1e9)
    unseen = weekly_of({"Z": [1e9] * 40}, end="2018-10-01")
    planted = forecast_sales(pd.concat([categories, later, unseen]), AS_OF)
    for first, second in zip(category_forecasts, planted, strict=True):
        pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_held_out_weeks_change_neither_champions_nor_served_models(categories, category_forecasts):
    is_held_out = categories["week_start_on"] >= "2017-11-06"
    amounts = categories["sales_amount"].where(~is_held_out, 1.0)
    disturbed = forecast_sales(categories.assign(sales_amount=amounts), AS_OF)
    keys = ["level", "series_id", "model", "is_champion"]
    pd.testing.assert_frame_equal(category_forecasts.forecasts[keys], disturbed.forecasts[keys])


def test_forecasts_in_another_currency_are_the_same_forecasts(categories, category_forecasts):
    rate = 4.0
    dollars = category_forecasts.forecasts
    converted = forecast_sales(categories.assign(sales_amount=categories["sales_amount"] * rate), AS_OF).forecasts
    amounts = ["mean", "lo_80", "hi_80", "lo_95", "hi_95"]
    # The theta method stops its search at an absolute tolerance: on 250 real series its means moved by up to 0.24 %.
    np.testing.assert_allclose(converted[amounts], dollars[amounts] * rate, rtol=0.01)
    keys = ["level", "series_id", "date", "model", "is_champion"]
    pd.testing.assert_frame_equal(converted[keys], dollars[keys])


def test_a_constant_series_is_forecast_exactly(weekly_of):
    result = forecast_sales(weekly_of({"A": [25.0] * 30}), AS_OF)
    assert_valid(result)
    assert result.forecasts["mean"].to_numpy() == pytest.approx(25.0)
    mase = result.accuracy.query("metric == 'mase'")["value"]
    assert mase.to_numpy() == pytest.approx(0.0)


def test_without_a_usable_series_the_error_says_what_is_needed(weekly_of):
    with pytest.raises(ValueError, match="needs 26 whole weeks before that day"):
        forecast_sales(weekly_of({"A": [0.0] * 40, "B": [1.0] * 25}), AS_OF)


def test_a_horizon_below_one_week_is_refused(shop):
    with pytest.raises(ValueError, match="at least one week, not 0"):
        forecast_sales(shop, AS_OF, horizon=0)


@SLOW
@given(arrays.arrays(float, (2, 26), elements=st.sampled_from([0.0, 0.01, 1.0, 7.5, 300.0, 1e6])), st.integers(1, 8))
def test_any_sales_give_valid_tables_or_are_listed_as_excluded(weekly_of, amounts, horizon):
    amounts[0] = np.maximum(amounts[0], 0.01)
    result = forecast_sales(weekly_of({"A": amounts[0], "B": amounts[1]}), AS_OF, horizon=horizon)
    assert_valid(result)
    assert {*result.forecasts["series_id"], *result.excluded["series_id"]} == {"A", "B"}
