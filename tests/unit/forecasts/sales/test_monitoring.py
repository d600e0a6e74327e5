from datetime import date

import pandas as pd
import pytest

from dmp_assets.forecasts.sales.frequencies import DAILY, WEEKLY
from dmp_assets.forecasts.sales.monitoring import realised_accuracy
from dmp_assets.forecasts.sales.schema import REALISED_ACCURACY

MONDAY = date(2018, 1, 1)
DAYS = 40


def forecast_of(as_of, mean, series=("A",), days=28):
    """Return daily forecasts made on a day: a constant mean, the naive forecast 2 higher, a scale of 2."""
    return pd.concat(
        pd.DataFrame(
            {
                "frequency": "daily",
                "series_id": name,
                "level": "category",
                "date": pd.date_range(as_of, periods=days).as_unit("us"),
                "model": "naive",
                "mean": mean,
                "lo_80": mean - 1,
                "hi_80": mean + 1,
                "lo_95": mean - 3,
                "hi_95": mean + 3,
                "naive": mean + 2,
                "scale": 2.0,
                "as_of_on": pd.Timestamp(as_of).as_unit("us"),
            }
        )
        for name in series
    )


@pytest.fixture
def sales(sales_of):
    """Return forty days of category A, 10 dollars each, and no week."""
    daily = sales_of({"A": [10.0] * DAYS}, frequency=DAILY, as_of="2018-01-20")
    weekly = sales_of({"A": [70.0] * 3}, frequency=WEEKLY, as_of="2018-01-15")
    return {"weekly": weekly, "daily": daily}


@pytest.fixture
def accuracy():
    """Return what was promised: MASE 1, 95 % intervals that cover 95 %."""
    keys = {"frequency": "daily", "level": "category", "series_id": "(all)", "model": "served"}
    return pd.DataFrame([{**keys, "metric": "mase", "value": 1.0}, {**keys, "metric": "coverage_95", "value": 0.95}])


def test_a_forecast_is_compared_with_the_days_that_are_known_since(sales, accuracy):
    realised = realised_accuracy(forecast_of(MONDAY, 12.0), sales, accuracy, date(2018, 1, 4))
    REALISED_ACCURACY.validate(realised)
    (row,) = realised.to_dict("records")
    assert row["point_count"] == 3
    # Off by 2 of 10, the naive forecast by 4, at a scale of 2; inside the 95 % bounds only.
    assert (row["mase"], row["naive_mase"], row["wmape"], row["bias"]) == (1, 2, 0.2, 0.2)
    assert (row["coverage_80"], row["coverage_95"], row["improvement_over_naive_pct"]) == (0, 1, 50)
    assert not row["is_alarming"]


def test_at_an_earlier_as_of_date_neither_later_sales_nor_later_forecasts_are_read(sales, accuracy):
    history = pd.concat([forecast_of(MONDAY, 12.0), forecast_of(date(2018, 1, 8), 99.0)])
    early = realised_accuracy(history, sales, accuracy, date(2018, 1, 4))
    pd.testing.assert_frame_equal(
        early, realised_accuracy(forecast_of(MONDAY, 12.0), sales, accuracy, date(2018, 1, 4)), check_exact=True
    )
    late = realised_accuracy(history, sales, accuracy, date(2018, 1, 10))
    assert late["forecast_as_of_on"].dt.date.tolist() == [MONDAY, date(2018, 1, 8)]
    assert late["point_count"].tolist() == [9, 2]


def test_on_its_own_day_a_forecast_has_nothing_to_be_compared_with(sales, accuracy):
    realised = realised_accuracy(forecast_of(MONDAY, 12.0), sales, accuracy, MONDAY)
    REALISED_ACCURACY.validate(realised)
    assert realised.empty


@pytest.mark.parametrize(("mean", "days", "is_alarming"), [(13.5, 2, False), (13.5, 15, True), (12.9, 15, False)])
def test_the_alarm_needs_a_much_larger_error_over_enough_points(sales, accuracy, mean, days, is_alarming):
    daily = pd.concat([sales["daily"], sales["daily"].assign(series_id="B")])
    realised = realised_accuracy(
        forecast_of(MONDAY, mean, ("A", "B")), sales | {"daily": daily}, accuracy, date(2018, 1, 1 + days)
    )
    assert realised["is_alarming"].tolist() == [is_alarming]


def test_a_level_that_was_promised_nothing_raises_no_alarm(sales, accuracy):
    realised = realised_accuracy(forecast_of(MONDAY, 99.0), sales, accuracy.head(0), date(2018, 1, 18))
    REALISED_ACCURACY.validate(realised)
    assert not realised["is_alarming"].any()


def test_days_without_sales_have_a_defined_result(sales, accuracy):
    nothing = sales["daily"].assign(sales_amount=0.0)
    realised = realised_accuracy(forecast_of(MONDAY, 12.0), sales | {"daily": nothing}, accuracy, date(2018, 1, 4))
    REALISED_ACCURACY.validate(realised)
    assert realised[["wmape", "bias"]].isna().all(axis=None)
