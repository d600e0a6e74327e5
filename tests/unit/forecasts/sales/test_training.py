from datetime import date

import numpy as np
import pandas as pd
import pytest

from dmp_assets.forecasts.sales.accuracy import ALL_SERIES, CHAMPION, SERVED
from dmp_assets.forecasts.sales.forecast import forecast_sales
from dmp_assets.forecasts.sales.frequencies import DAILY, WEEKLY
from dmp_assets.forecasts.sales.schema import (
    EXCLUDED_SERIES,
    FORECAST_ACCURACY,
    FORECAST_BACKTEST,
    FORECAST_HISTORY,
    FORECAST_MODELS,
    SALES_FORECASTS,
)
from dmp_assets.forecasts.sales.training import train

AS_OF = date(2018, 1, 1)


def assert_valid(trained):
    FORECAST_MODELS.validate(trained.models)
    FORECAST_ACCURACY.validate(trained.accuracy)
    EXCLUDED_SERIES.validate(trained.excluded)
    FORECAST_BACKTEST.validate(trained.backtest)


def value(trained, series_id, model, metric):
    rows = trained.accuracy.set_index(["level", "series_id", "model", "metric"])["value"]
    return rows["category", series_id, model, metric]


def test_tables_are_as_the_schema_says(trained):
    assert_valid(trained)


def test_every_series_has_one_model_and_every_split_level_one_for_its_young_series(trained):
    models = trained.models
    assert models.loc[~models["is_pooled"], "series_id"].tolist() == ["A", "B", "C", "D", "X", "Y", "old", "total"]
    assert models.loc[models["is_pooled"], "series_id"].tolist() == [
        "category:(others)",
        "department:(others)",
        "store:(others)",
    ]
    assert trained.excluded["series_id"].tolist() == ["new"]


def test_the_average_over_a_level_is_that_of_its_series(trained):
    for metric in ("mase", "coverage_80"):
        own = [value(trained, series_id, SERVED, metric) for series_id in "ABCD"]
        assert value(trained, ALL_SERIES, SERVED, metric) == pytest.approx(np.mean(own))
    champions = trained.accuracy.query("level == 'category' and is_champion and metric == 'mase'")
    own = champions.loc[champions["series_id"].isin(list("ABCD")), "value"]
    assert value(trained, ALL_SERIES, CHAMPION, "mase") == pytest.approx(own.mean())


def test_the_improvement_is_measured_against_the_baseline(trained):
    mase, naive = (value(trained, ALL_SERIES, model, "mase") for model in (SERVED, "naive"))
    assert value(trained, ALL_SERIES, SERVED, "improvement_over_naive_pct") == pytest.approx(100 * (1 - mase / naive))


def test_the_backtest_shows_what_the_accuracy_is_measured_on(shop, trained):
    backtest = trained.backtest
    assert set(backtest["series_id"]) == set(trained.models.loc[~trained.models["is_pooled"], "series_id"])
    assert backtest["date"].min() == pd.Timestamp("2017-11-06")
    sold = shop.rename(columns={"week_start_on": "date"}).astype({"date": "datetime64[us]"})
    compared = backtest.merge(sold, on=["series_id", "date"], validate="one_to_one")
    assert compared["actual"].to_numpy() == pytest.approx(compared["sales_amount"].to_numpy())
    own = backtest[backtest["series_id"] == "A"]
    assert (own["mean"] - own["actual"]).abs().mean() == pytest.approx(value(trained, "A", SERVED, "mae"))


def test_nothing_on_or_after_the_as_of_date_is_used(shop, sales_of, trained):
    later = shop.assign(week_start_on=shop["week_start_on"] + pd.Timedelta(weeks=30), sales_amount=1e9)
    unseen = sales_of({"Z": [1e9] * 40}, as_of="2018-10-08")
    planted = train(pd.concat([shop, later, unseen]), AS_OF, WEEKLY)
    for first, second in zip(trained, planted, strict=True):
        pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_held_out_weeks_change_neither_intervals_nor_what_is_measured_on_them(shop, trained):
    is_held_out = shop["week_start_on"] >= "2017-11-06"
    disturbed = train(shop.assign(sales_amount=shop["sales_amount"].where(~is_held_out, 0.0)), AS_OF, WEEKLY)
    reaches = ["series_id", "below_80", "above_80", "below_95", "above_95"]
    pd.testing.assert_frame_equal(trained.models[reaches], disturbed.models[reaches])
    forecast_then = ["series_id", "date", "model", "mean", "lo_95", "hi_95"]
    pd.testing.assert_frame_equal(trained.backtest[forecast_then], disturbed.backtest[forecast_then])


def test_what_serves_is_chosen_on_the_held_out_weeks_too(trained):
    measured = trained.accuracy.query("model not in ['served', 'champion'] and metric == 'selection_error'")
    assert trained.models.loc[~trained.models["is_pooled"], "windows"].max() == measured["windows"].max() + 1


def test_a_holiday_in_the_last_week_is_not_repeated(sales_of):
    # Sales wander, so that the last week says most; the last one of all is Christmas.
    wandering = 100 + np.cumsum(np.random.default_rng(4).normal(0, 4, 59))
    sales = sales_of({"A": np.r_[wandering, wandering[-1] / 3]})
    ahead = forecast_sales(sales, AS_OF, WEEKLY, train(sales, AS_OF, WEEKLY).models)
    assert not set(ahead["model"]) & {"naive", "seasonal_naive"}


def test_days_are_trained_with_their_own_models(daily_shop):
    trained = train(daily_shop[daily_shop["level"] == "category"], AS_OF, DAILY)
    assert_valid(trained)
    assert {"holt_winters", "seasonal_window_average", "ensemble"} <= set(trained.accuracy["model"])


@pytest.mark.parametrize("frequency", [WEEKLY, DAILY])
def test_constant_and_empty_series_are_forecast_without_error(sales_of, frequency):
    periods = frequency.min_periods(frequency.horizon)
    sales = sales_of({"constant": [25.0] * periods, "nothing": [0.0] * periods}, frequency=frequency)
    trained = train(sales, AS_OF, frequency)
    assert_valid(trained)
    errors = trained.accuracy.query(f"metric == 'mase' and model == '{SERVED}'")["value"]
    assert errors.to_numpy() == pytest.approx(0.0, abs=1e-6)


def test_without_a_series_that_is_long_enough_nothing_is_trained_or_served(sales_of):
    sales = sales_of({"A": [1.0] * 25})
    trained = train(sales, AS_OF, WEEKLY)
    assert_valid(trained)
    assert [len(table) for table in (trained.models, trained.accuracy, trained.backtest)] == [0, 0, 0]
    assert trained.excluded["reason"].tolist() == ["fewer than 26 whole weeks"]
    served = forecast_sales(sales, AS_OF, WEEKLY, trained.models)
    SALES_FORECASTS.validate(served[list(SALES_FORECASTS.columns)])
    FORECAST_HISTORY.validate(served[list(FORECAST_HISTORY.columns)])


def test_a_horizon_below_one_week_is_refused(shop):
    with pytest.raises(ValueError, match="at least one week, not 0"):
        train(shop, AS_OF, WEEKLY, horizon=0)
