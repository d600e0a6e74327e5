from collections.abc import Callable, Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd
import pytest

from dmp_assets.forecasts.sales.forecast import SalesForecasts, forecast_sales

WeeklyBuilder = Callable[..., pd.DataFrame]


@pytest.fixture(scope="session")
def weekly_of() -> WeeklyBuilder:
    """Return a builder of rows like marts.fct_weekly_sales from amounts by series; all series end in the same week."""

    def build(amounts: Mapping[str, Sequence[float]], level: str = "category", end: str = "2017-12-25") -> pd.DataFrame:
        return pd.concat(
            pd.DataFrame(
                {
                    "level": level,
                    "series_id": series_id,
                    "week_start_on": pd.date_range(end=end, periods=len(values), freq="W-MON"),
                    "sales_amount": np.asarray(values, dtype=float),
                    "is_whole_week": True,
                }
            )
            for series_id, values in amounts.items()
        )

    return build


@pytest.fixture(scope="session")
def shop(weekly_of: WeeklyBuilder) -> pd.DataFrame:
    """Return thirty weeks of a small shop: four categories that wander around a mean, one department and the total."""
    rng = np.random.default_rng(7)
    categories = {name: rng.gamma(20, mean / 20, 30) for name, mean in zip("ABCD", (50, 200, 500, 900), strict=True)}
    everything = np.sum(list(categories.values()), axis=0)
    return pd.concat(
        [
            weekly_of(categories),
            weekly_of({"GROCERY": everything}, level="department"),
            weekly_of({"total": everything}, level="total"),
        ]
    )


@pytest.fixture(scope="session")
def categories(shop: pd.DataFrame) -> pd.DataFrame:
    """Return the shop's categories alone: without the total no dear model is fitted."""
    return shop[shop["level"] == "category"]


@pytest.fixture(scope="session")
def shop_forecasts(shop: pd.DataFrame) -> SalesForecasts:
    """Return the shop's forecasts as of 2018-01-01."""
    return forecast_sales(shop, date(2018, 1, 1))
