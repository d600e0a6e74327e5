import pandas as pd
import pandera.errors
import pytest

from dmp_assets.forecasts.customers.assets import domain
from dmp_assets.forecasts.customers.schema import CUSTOMER_PREDICTIONS, PREDICTION_LEADERBOARD
from dmp_assets.platform.settings import Settings

AS_OF_ON = pd.Timestamp("2018-01-01").as_unit("us")


def test_every_column_is_described():
    for table in domain(Settings()).tables:
        assert all(column.description for column in table.schema.columns.values())


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
            "cutoff_on": AS_OF_ON,
            "model": "logistic",
            "metric": ["log_loss", "calibration_error"],
            "value": [0.3, 0.02],
            "ci_low": [0.25, float("nan")],
            "ci_high": [0.35, float("nan")],
            "examples": 100,
            "is_newest": True,
            "is_champion": True,
            "as_of_on": AS_OF_ON,
        }
    )
    PREDICTION_LEADERBOARD.validate(board)
    with pytest.raises(pandera.errors.SchemaErrors, match=check):
        PREDICTION_LEADERBOARD.validate(board.assign(**{column: value}), lazy=True)
