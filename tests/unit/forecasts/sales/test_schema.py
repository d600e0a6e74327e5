import numpy as np
import pandas as pd
import pandera.errors
import pytest

from dmp_assets.forecasts.sales import schema
from dmp_assets.forecasts.sales.schema import SALES_FORECASTS


@pytest.fixture
def forecasts():
    return pd.DataFrame(
        {
            "frequency": "weekly",
            "series_id": ["total", "category:BEER"],
            "level": ["total", "category"],
            "date": pd.to_datetime(["2018-01-01", "2018-01-01"]).as_unit("us"),
            "model": ["naive", "ensemble"],
            "mean": [5.0, 5.0],
            "lo_80": [4.0, 4.0],
            "hi_80": [6.0, 7.0],
            "lo_95": [3.0, 4.0],
            "hi_95": [7.0, 8.0],
            "base_mean": [5.5, 4.5],
            "as_of_on": pd.Timestamp("2018-01-01").as_unit("us"),
        }
    )


@pytest.mark.parametrize(
    "name",
    [
        "SALES_FORECASTS",
        "FORECAST_HISTORY",
        "REALISED_ACCURACY",
        "FORECAST_ACCURACY",
        "FORECAST_MODELS",
        "EXCLUDED_SERIES",
        "FORECAST_BACKTEST",
    ],
)
def test_every_column_is_described(name):
    assert all(column.description for column in getattr(schema, name).columns.values())


@pytest.mark.parametrize(
    ("column", "value", "check"),
    [
        ("lo_95", [4.5, 4.0], "lo_95 <= lo_80"),
        ("hi_80", [6.0, 4.5], "lo_95 <= lo_80"),
        ("lo_95", [-np.inf, 4.0], "finite"),
        ("mean", [5.0, 5.5], "add up to the total"),
        ("date", pd.to_datetime(["2018-01-02", "2018-01-02"]).as_unit("us"), "starts on a Monday"),
        ("series_id", ["total", "total"], "not unique"),
    ],
)
def test_a_wrong_forecast_table_is_refused(forecasts, column, value, check):
    SALES_FORECASTS.validate(forecasts)
    with pytest.raises(pandera.errors.SchemaErrors, match=check):
        SALES_FORECASTS.validate(forecasts.assign(**{column: value}), lazy=True)
