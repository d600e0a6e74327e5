import pandas as pd
import pandera.errors
import pytest

from dmp_assets.forecasts.sales.schema import EXCLUDED_SERIES, FORECAST_ACCURACY, SALES_FORECASTS


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
    for schema in (SALES_FORECASTS, FORECAST_ACCURACY, EXCLUDED_SERIES):
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
