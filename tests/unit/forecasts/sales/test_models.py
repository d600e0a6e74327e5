import numpy as np
import pandas as pd
import pytest

from dmp_assets.forecasts.sales.models import ENSEMBLE_MEMBERS, MODELS, forecast_histories


def history(amounts, level="category", unique_id=0):
    weeks = pd.date_range("2017-01-02", periods=len(amounts), freq="W-MON")
    return pd.DataFrame({"unique_id": unique_id, "level": level, "ds": weeks, "y": np.asarray(amounts, dtype=float)})


def test_the_plain_models_do_what_their_names_say():
    forecasts = forecast_histories(history([9, 9, 9, 9, 9, 9, 1, 2, 3, 6]), horizon=5)
    assert forecasts["ds"].iloc[0] == pd.Timestamp("2017-03-13")
    assert forecasts["naive"].tolist() == [6] * 5
    assert forecasts["seasonal_naive"].tolist() == [1, 2, 3, 6, 1]
    assert forecasts["window_average"].tolist() == [3] * 5
    assert forecasts["ensemble"].to_numpy() == pytest.approx(forecasts[ENSEMBLE_MEMBERS].mean(axis=1).to_numpy())


def test_auto_arima_is_fitted_for_the_total_only():
    amounts = [5, 6, 5, 7, 5, 6, 8, 5, 6, 5, 7, 6]
    histories = pd.concat([history(amounts), history(amounts, level="total", unique_id=1)])
    by_id = forecast_histories(histories, horizon=2).groupby("unique_id")["auto_arima"].count()
    assert by_id.tolist() == [0, 2]


def test_falling_sales_are_never_forecast_below_zero():
    forecasts = forecast_histories(history(np.linspace(100, 1, 20), level="total"), horizon=20)
    assert (forecasts[MODELS] >= 0).all(axis=None)
