from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dmp_assets.forecasts.sales.forecast import forecast, forecast_sales
from dmp_assets.forecasts.sales.frequencies import DAILY, WEEKLY
from dmp_assets.forecasts.sales.schema import SALES_FORECASTS
from dmp_assets.forecasts.sales.training import train

AS_OF = date(2018, 1, 1)
# A training takes a second: shrinking a failing example would take minutes.
SLOW = settings(
    max_examples=3,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def test_the_table_is_as_the_schema_says_and_adds_up(served):
    SALES_FORECASTS.validate(served[list(SALES_FORECASTS.columns)])
    assert not served.isna().any(axis=None)
    sums = served.pivot_table(index="date", columns="level", values="mean", aggfunc="sum")
    for level in ("department", "category", "store"):
        np.testing.assert_allclose(sums[level], sums["total"], atol=0.01)


def test_every_series_gets_eight_weeks_from_the_first_unknown_monday(served):
    assert served.groupby(["level", "series_id"]).size().unique().tolist() == [8]
    assert str(served["date"].min().date()) == "2018-01-01"
    assert str(served["date"].max().date()) == "2018-02-19"


def test_a_series_too_young_is_forecast_in_others(served):
    assert set(served.loc[served["level"] == "store", "series_id"]) == {"old", "store:(others)"}


def test_the_same_rows_give_the_same_forecasts(shop, trained, served):
    again = forecast_sales(shop.sample(frac=1, random_state=3), AS_OF, WEEKLY, trained.models)
    pd.testing.assert_frame_equal(served, again, check_exact=True)


def test_nothing_on_or_after_the_as_of_date_is_used(shop, trained, served):
    later = shop.assign(week_start_on=shop["week_start_on"] + pd.Timedelta(weeks=30), sales_amount=1e9)
    planted = forecast_sales(pd.concat([shop, later]), AS_OF, WEEKLY, trained.models)
    pd.testing.assert_frame_equal(served, planted, check_exact=True)


def test_between_two_trainings_the_newest_sales_count(shop, trained, served):
    known = shop[shop["week_start_on"] < "2017-12-18"]
    early = forecast_sales(known, date(2017, 12, 18), WEEKLY, trained.models)
    assert str(early["date"].min().date()) == "2017-12-18"
    assert not np.allclose(early["mean"].iloc[:8], served["mean"].iloc[:8])


def test_sales_without_a_trained_series_are_an_error(sales_of, trained):
    with pytest.raises(ValueError, match="train again"):
        forecast_sales(sales_of({"unknown": [1.0] * 30}), AS_OF, WEEKLY, trained.models)


def test_days_have_the_rhythm_of_the_week(daily_shop):
    sales = daily_shop[daily_shop["level"].isin(["total", "category"])]
    ahead = forecast_sales(sales, AS_OF, DAILY, train(sales, AS_OF, DAILY).models)
    SALES_FORECASTS.validate(ahead[list(SALES_FORECASTS.columns)])
    total = ahead[ahead["level"] == "total"]
    assert len(total) == 28
    by_weekday = total.groupby(total["date"].dt.dayofweek)["mean"].mean()
    assert by_weekday.max() > 1.3 * by_weekday.min()


def test_forecasts_in_another_currency_are_the_same_forecasts(shop, trained, served):
    converted = forecast_sales(shop.assign(sales_amount=shop["sales_amount"] * 4), AS_OF, WEEKLY, trained.models)
    amounts = ["mean", "lo_80", "hi_80", "lo_95", "hi_95"]
    # The theta method stops its search at an absolute tolerance: on 250 real series its means moved by up to 0.24 %.
    np.testing.assert_allclose(converted[amounts], served[amounts] * 4, rtol=0.02, atol=1)


def frame_of(amounts, offset="W-MON"):
    return pd.concat(
        pd.DataFrame(
            {"unique_id": name, "ds": pd.date_range("2017-01-02", periods=len(values), freq=offset), "y": values}
        )
        for name, values in amounts.items()
    )


def test_any_frame_is_forecast_in_one_call():
    ahead = forecast(frame_of({"one": np.tile([1.0, 2, 3], 10)}), horizon=3)
    assert ahead.columns.tolist() == ["unique_id", "ds", "model", "mean", "lo_80", "hi_80", "lo_95", "hi_95"]
    assert ahead["ds"].dt.date.tolist() == [date(2017, 7, 31), date(2017, 8, 7), date(2017, 8, 14)]
    assert not ahead.isna().any(axis=None)


def test_a_constant_series_is_forecast_exactly():
    assert forecast(frame_of({"one": [25.0] * 30}))["mean"].to_numpy() == pytest.approx(25.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda frame: forecast(frame, "hourly"), "must be one of weekly, daily"),
        (lambda frame: forecast(frame.drop(columns="y")), "lacks the columns y"),
        (lambda frame: forecast(frame.drop(index=5)), "a gap"),
        (lambda frame: forecast(frame.head(5)), "needs 26 weeks"),
        (lambda frame: forecast(frame.assign(y=-1.0)), "negative amount"),
    ],
)
def test_a_frame_that_cannot_be_forecast_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(frame_of({"one": [1.0] * 30}))


@SLOW
@given(arrays.arrays(float, (2, 26), elements=st.sampled_from([0.0, 0.01, 1.0, 7.5, 300.0, 1e6])), st.integers(1, 8))
def test_any_sales_give_valid_tables(sales_of, amounts, horizon):
    sales = sales_of({"A": amounts[0], "B": amounts[1]})
    models = train(sales, AS_OF, WEEKLY, horizon=horizon).models
    ahead = forecast_sales(sales, AS_OF, WEEKLY, models, horizon=horizon)
    SALES_FORECASTS.validate(ahead[list(SALES_FORECASTS.columns)])
    assert set(ahead["series_id"]) == {"A", "B"}
