import pandas as pd
import pandera.errors
import pytest

from dmp_assets.forecasts.schema import (
    CUSTOMER_PREDICTIONS,
    EXCLUDED_SERIES,
    FORECAST_ACCURACY,
    PREDICTION_LEADERBOARD,
    PREDICTION_MODELS,
    SALES_FORECASTS,
)


@pytest.fixture
def forecasts():
    return pd.DataFrame(
        {
            "series_id": ["BEER", "BEER"],
            "level": "category",
            "date": pd.to_datetime(["2018-01-01", "2018-01-01"]).as_unit("us"),
            "model": ["naive", "ensemble"],
            "mean": [5.0, 6.0],
            "lo_80": [4.0, 5.0],
            "hi_80": [6.0, 7.0],
            "lo_95": [3.0, 4.0],
            "hi_95": [7.0, 8.0],
            "is_champion": [False, True],
            "as_of_on": pd.Timestamp("2018-01-01").as_unit("us"),
        }
    )


def test_every_column_is_described():
    for schema in (
        SALES_FORECASTS,
        FORECAST_ACCURACY,
        EXCLUDED_SERIES,
        PREDICTION_LEADERBOARD,
        PREDICTION_MODELS,
        CUSTOMER_PREDICTIONS,
    ):
        assert all(column.description for column in schema.columns.values())


@pytest.mark.parametrize(
    ("column", "value", "check"),
    [
        ("lo_95", [4.5, 4.0], "lo_95 <= lo_80"),
        ("hi_80", [6.0, 5.5], "lo_95 <= lo_80"),
        ("lo_95", [-1.0, 4.0], "in_range"),
        ("is_champion", [True, True], "one champion per level"),
        ("date", pd.to_datetime(["2018-01-02", "2018-01-02"]).as_unit("us"), "starts on a Monday"),
        ("model", ["naive", "naive"], "not unique"),
    ],
)
def test_a_wrong_forecast_table_is_refused(forecasts, column, value, check):
    SALES_FORECASTS.validate(forecasts)
    with pytest.raises(pandera.errors.SchemaErrors, match=check):
        SALES_FORECASTS.validate(forecasts.assign(**{column: value}), lazy=True)


AS_OF_ON = pd.Timestamp("2018-01-01").as_unit("us")


@pytest.mark.parametrize(
    ("column", "value", "check"),
    [
        ("prediction", [1.1, 20.0], "a probability is at most 1"),
        ("prediction", [0.1, float("nan")], "non-nullable"),
        ("prediction", [0.1, -1.0], "in_range"),
        ("target", ["churn_28d", "churn_28d"], "not unique"),
        ("model", ["logistic", "crystal_ball"], "isin"),
    ],
)
def test_a_wrong_prediction_table_is_refused(column, value, check):
    predictions = pd.DataFrame(
        {
            "customer_id": "a",
            "target": ["churn_28d", "amount_28d"],
            "as_of_on": AS_OF_ON,
            "model": ["logistic", "ridge"],
            "prediction": [0.2, 20.0],
        }
    )
    CUSTOMER_PREDICTIONS.validate(predictions)
    with pytest.raises(pandera.errors.SchemaErrors, match=check):
        CUSTOMER_PREDICTIONS.validate(predictions.assign(**{column: value}), lazy=True)


@pytest.mark.parametrize(
    ("column", "value", "check"),
    [
        ("is_champion", [False, False], "one champion per target"),
        ("model", ["logistic", "boosting"], "one champion per target"),
        ("ci_low", [0.4, float("nan")], "ci_low <= ci_high"),
        ("ci_high", [float("nan"), float("nan")], "ci_low <= ci_high"),
        ("value", [-0.1, 0.02], "outside the metric's range"),
    ],
)
def test_a_wrong_prediction_leaderboard_is_refused(column, value, check):
    board = pd.DataFrame(
        {
            "target": "churn_28d",
            "model": "logistic",
            "metric": ["log_loss", "calibration_error"],
            "value": [0.3, 0.02],
            "ci_low": [0.25, float("nan")],
            "ci_high": [0.35, float("nan")],
            "customers": 100,
            "is_champion": True,
            "as_of_on": AS_OF_ON,
        }
    )
    PREDICTION_LEADERBOARD.validate(board)
    with pytest.raises(pandera.errors.SchemaErrors, match=check):
        PREDICTION_LEADERBOARD.validate(board.assign(**{column: value}), lazy=True)
