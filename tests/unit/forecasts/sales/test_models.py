import numpy as np
import pandas as pd
import pytest

from dmp_assets.forecasts.sales.frequencies import DAILY, WEEKLY
from dmp_assets.forecasts.sales.models import (
    ENSEMBLE_MEMBERS,
    EXTRA_MODELS,
    INTERMITTENT_MODELS,
    LAST_YEAR,
    MODELS,
    REGULAR_MODELS,
    forecast_histories,
)


def history(amounts, unique_id=0, offset="W-MON"):
    days = pd.date_range("2017-01-02", periods=len(amounts), freq=offset)
    return pd.DataFrame({"unique_id": unique_id, "ds": days, "y": np.asarray(amounts, dtype=float)})


def test_the_plain_models_do_what_their_names_say():
    models = REGULAR_MODELS["weekly"]
    forecasts = forecast_histories(history([9, 9, 9, 9, 9, 9, 1, 2, 3, 6]), models, WEEKLY, horizon=5)
    assert forecasts["ds"].iloc[0] == pd.Timestamp("2017-03-13")
    assert forecasts["naive"].tolist() == [6] * 5
    assert forecasts["seasonal_naive"].tolist() == [1, 2, 3, 6, 1]
    assert forecasts["window_average"].tolist() == [3] * 5
    members = forecasts[ENSEMBLE_MEMBERS["weekly"]].mean(axis=1)
    assert forecasts["ensemble"].to_numpy() == pytest.approx(members.to_numpy())


def test_the_season_of_days_is_the_week():
    week = [1.0, 2, 3, 4, 5, 6, 7]
    models = ["seasonal_naive", "seasonal_window_average", "holt_winters"]
    forecasts = forecast_histories(history(week * 9, offset="D"), models, DAILY, horizon=7)
    for model in models:
        assert forecasts[model].to_numpy() == pytest.approx(week, abs=0.1)


def test_the_intermittent_methods_forecast_the_rate_of_demand():
    models = ["croston", "croston_sba", "imapa"]
    forecasts = forecast_histories(history([0, 0, 6] * 10), models, WEEKLY, horizon=2)
    assert forecasts["croston"].iloc[0] == pytest.approx(2, rel=0.2)
    assert forecasts["croston_sba"].iloc[0] == pytest.approx(0.95 * forecasts["croston"].iloc[0])
    assert forecasts["imapa"].iloc[0] == pytest.approx(2, rel=0.2)


@pytest.mark.parametrize("frequency", [WEEKLY, DAILY])
def test_falling_sales_are_never_forecast_below_zero(frequency):
    models = [*REGULAR_MODELS[frequency.name], *EXTRA_MODELS[frequency.name]]
    falling = history(np.linspace(100, 1, 63), offset=frequency.offset)
    assert (forecast_histories(falling, models, frequency, horizon=70)[models] >= 0).all(axis=None)


def test_every_model_is_reachable():
    used = {*INTERMITTENT_MODELS, LAST_YEAR}  # LAST_YEAR where a year and eight weeks are known
    for name in ("weekly", "daily"):
        used |= {*REGULAR_MODELS[name], *EXTRA_MODELS[name]}
    assert used == set(MODELS)
