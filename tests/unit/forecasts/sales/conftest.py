from collections.abc import Callable, Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd
import pytest

from dmp_assets.forecasts.sales.forecast import forecast_sales
from dmp_assets.forecasts.sales.frequencies import DAILY, WEEKLY, Frequency
from dmp_assets.forecasts.sales.training import Trained, train

SalesBuilder = Callable[..., pd.DataFrame]

AS_OF = date(2018, 1, 1)


@pytest.fixture(scope="session")
def sales_of() -> SalesBuilder:
    """Return a builder of rows like the sales marts from amounts by series; all series end before 2018-01-01."""

    def build(
        amounts: Mapping[str, Sequence[float]],
        level: str = "category",
        frequency: Frequency = WEEKLY,
        as_of: str = "2018-01-01",
    ) -> pd.DataFrame:
        end = pd.Timestamp(as_of) - frequency.length
        return pd.concat(
            pd.DataFrame(
                {
                    "level": level,
                    "series_id": series_id,
                    frequency.column: pd.date_range(end=end, periods=len(values), freq=frequency.offset),
                    "sales_amount": np.asarray(values, dtype=float),
                    frequency.whole_column: True,
                }
            )
            for series_id, values in amounts.items()
        )

    return build


def _shop(sales_of: SalesBuilder, frequency: Frequency, periods: int) -> pd.DataFrame:
    """Return a small shop: four categories that wander around a mean, two departments, two stores, one of them new, the total."""
    rng = np.random.default_rng(7)
    weekday = np.tile([1.0, 0.8, 0.8, 0.9, 1.1, 1.6, 1.4], periods)[:periods] if frequency is DAILY else 1.0
    means = zip("ABCD", (50, 200, 500, 900), strict=True)
    categories = {name: weekday * rng.gamma(20, mean / 20, periods) for name, mean in means}
    total = np.sum(list(categories.values()), axis=0)
    new = np.where(np.arange(periods) >= periods - 5, 0.2 * total, 0.0)
    return pd.concat(
        [
            sales_of(categories, frequency=frequency),
            sales_of(
                {"X": categories["A"] + categories["B"], "Y": categories["C"] + categories["D"]},
                "department",
                frequency,
            ),
            sales_of({"old": total - new, "new": new[-5:]}, "store", frequency),
            sales_of({"total": total}, "total", frequency),
        ]
    )


@pytest.fixture(scope="session")
def shop(sales_of: SalesBuilder) -> pd.DataFrame:
    """Return thirty weeks of the shop."""
    return _shop(sales_of, WEEKLY, 30)


@pytest.fixture(scope="session")
def daily_shop(sales_of: SalesBuilder) -> pd.DataFrame:
    """Return twenty weeks of the shop by day."""
    return _shop(sales_of, DAILY, 140)


@pytest.fixture(scope="session")
def trained(shop: pd.DataFrame) -> Trained:
    """Return what is trained on the weekly shop as of 2018-01-01."""
    return train(shop, AS_OF, WEEKLY)


@pytest.fixture(scope="session")
def served(shop: pd.DataFrame, trained: Trained) -> pd.DataFrame:
    """Return the weekly shop's forecasts as of 2018-01-01."""
    return forecast_sales(shop, AS_OF, WEEKLY, trained.models)
