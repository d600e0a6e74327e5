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
        (lambda frame: forecast(frame.drop(index=5)), "the week 2017-02-06 is missing"),
        (lambda frame: forecast(frame.head(5)), "needs 26 weeks"),
        (lambda frame: forecast(frame.head(0)), "no rows"),
        (
            lambda frame: forecast(frame.assign(ds=frame["ds"].dt.strftime("%d/%m/%Y"))),
            r"not string such as '02/01/2017'",
        ),
        (lambda frame: forecast(frame, horizon=400), "30 weeks allow 10"),
        (lambda frame: forecast(frame, horizon=0), "at least one week, not 0"),
    ],
)
def test_a_frame_that_cannot_be_forecast_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(frame_of({"one": [1.0] * 30}))


@pytest.fixture(scope="module")
def days():
    """Return fifteen months of a shop that sells 100 a day and 140 on Saturdays and Sundays, more or less."""
    dates = pd.Series(pd.date_range("2022-12-26", "2024-03-31"))
    noise = np.random.default_rng(0).normal(0, 5, len(dates))
    return pd.DataFrame({"unique_id": "shop", "ds": dates, "y": 100 + 40 * (dates.dt.dayofweek >= 5) + noise})


@pytest.mark.parametrize("day", ["2024-01-02", "2024-03-20", "2024-03-31"])
@pytest.mark.parametrize("factor", [20, 1_000, -1_000])
def test_a_single_day_far_off_changes_no_forecast(days, day, factor):
    ahead = forecast(days.assign(y=days["y"].where(days["ds"] != day, days["y"] * factor)), "daily", 14)
    assert ahead["mean"].mean() == pytest.approx(111, rel=0.03)
    assert ahead["hi_95"].max() < 200
    assert ahead["lo_95"].min() > 50


def test_a_shop_closed_on_sundays_sells_nothing_on_sundays_ahead(days):
    opened = days[days["ds"].dt.dayofweek != 6]
    ahead = forecast(opened, "daily", 14, fill_gaps=True)
    is_sunday = ahead["ds"].dt.dayofweek == 6
    assert (ahead.loc[is_sunday, ["mean", "lo_80", "hi_80", "lo_95", "hi_95"]] == 0).all(axis=None)
    assert ahead.loc[~is_sunday, "mean"].mean() == pytest.approx(106.7, rel=0.05)
    with pytest.raises(ValueError, match="the day 2023-01-01 is missing"):
        forecast(opened, "daily", 14)


def test_days_below_nothing_are_forecast_and_bounded_below_nothing(days):
    returned = days.assign(y=np.where(days["ds"].dt.dayofweek == 0, -60.0, 20.0) + days["y"] - days["y"].mean())
    ahead = forecast(returned, "daily", 14)
    mondays = ahead[ahead["ds"].dt.dayofweek == 0]
    assert (mondays["mean"] < -40).all()
    assert (mondays["lo_95"] < mondays["mean"]).all()


def test_one_refund_lets_the_bound_go_below_nothing_and_no_other(days):
    small = days.assign(y=np.random.default_rng(1).gamma(1, 10, len(days)))
    refund = small.assign(y=small["y"].where(small["ds"] != "2024-03-12", -20.0))
    assert (forecast(small, "daily", 14)["lo_95"] >= 0).all()
    assert (forecast(refund, "daily", 14)["lo_95"] < 0).any()


def test_leap_days_and_the_order_of_the_rows_change_nothing(days):
    known = days[days["ds"] < "2024-03-01"]
    ahead = forecast(known, "daily", 14)
    assert ahead["ds"].min() == pd.Timestamp("2024-03-01")
    pd.testing.assert_frame_equal(ahead, forecast(known.sample(frac=1, random_state=1), "daily", 14), check_exact=True)
    with pytest.raises(ValueError, match="the day 2024-02-29 is missing"):
        forecast(days[days["ds"] != "2024-02-29"], "daily", 14)


def test_the_narrower_interval_of_a_single_series_is_narrower(days):
    ahead = forecast(days, "daily", 14)
    assert (ahead["lo_95"] < ahead["lo_80"]).all()
    assert (ahead["hi_80"] < ahead["hi_95"]).all()
    # Two and a half and four standard deviations of the noise.
    assert (ahead["hi_80"] - ahead["lo_80"]).mean() == pytest.approx(2 * 1.28 * 5, rel=0.35)
    assert (ahead["hi_95"] - ahead["lo_95"]).mean() == pytest.approx(2 * 1.96 * 5, rel=0.35)


@SLOW
@given(
    arrays.arrays(float, (2, 26), elements=st.sampled_from([-40.0, 0.0, 0.01, 1.0, 7.5, 300.0, 1e6])), st.integers(1, 8)
)
def test_any_sales_give_valid_tables(sales_of, amounts, horizon):
    sales = sales_of({"A": amounts[0], "B": amounts[1]})
    models = train(sales, AS_OF, WEEKLY, horizon=horizon).models
    ahead = forecast_sales(sales, AS_OF, WEEKLY, models, horizon=horizon)
    SALES_FORECASTS.validate(ahead[list(SALES_FORECASTS.columns)])
    assert set(ahead["series_id"]) == {"A", "B"}
