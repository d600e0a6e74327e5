"""Builders of purchases for the unit tests of several domains."""

from collections.abc import Callable
from datetime import date, timedelta

import pandas as pd
import pytest

from dmp_assets.interactions import Interactions, encode


@pytest.fixture(scope="session")
def purchases_of() -> Callable[..., pd.DataFrame]:
    """Return a builder of purchases from rows of customer, order, day of 2017 (0 for 1 January) and products."""

    def build(*orders: tuple[str, str, int, str]) -> pd.DataFrame:
        return pd.DataFrame(
            [
                {
                    "customer_id": customer,
                    "order_id": order,
                    "ordered_on": date(2017, 1, 1) + timedelta(day),
                    "product_id": p,
                }
                for customer, order, day, products in orders
                for p in products.split()
            ],
            columns=pd.Index(["customer_id", "order_id", "ordered_on", "product_id"]),
        )

    return build


@pytest.fixture(scope="session")
def interactions_of(purchases_of: Callable[..., pd.DataFrame]) -> Callable[..., Interactions]:
    return lambda *orders: encode(purchases_of(*orders))
