"""Builders of purchases and of a user's source for the unit tests of several domains."""

import os
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from dmp_assets.analysis.interactions import Interactions, encode
from dmp_assets.platform import pictures
from dmp_assets.sources.declare import LoadRule
from tests.unit.shop import Shop


@pytest.fixture(autouse=True)
def same_environment() -> Iterator[None]:
    """Leave the environment as it was: dbt reads the settings from there, so that asking for a project sets them."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(autouse=True)
def pictures_do_not_fail(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a picture that cannot be drawn fail the test, unless it asks for `pictures_may_fail`: users get a figure."""
    if "pictures_may_fail" not in request.fixturenames:

        def fail(error: Exception) -> None:
            raise error

        monkeypatch.setattr(pictures, "unable", fail)


@pytest.fixture
def pictures_may_fail() -> None:
    """Let pictures fail as they do for users."""


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


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        yield connection


@pytest.fixture
def rule_of() -> Callable[..., LoadRule]:
    load = {"location": "x", "format": "csv", "contract": "order_lines"}
    return lambda **rule: LoadRule.model_validate(load | rule)
