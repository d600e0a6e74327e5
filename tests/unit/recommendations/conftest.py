from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from dmp_assets.recommendations.recommend import Trained, recommend, train
from dmp_assets.recommendations.served import Limits

AS_OF = date(2017, 7, 1)


@pytest.fixture(scope="session")
def products() -> pd.DataFrame:
    """Return sixty products of twenty types and ten categories; p59 is fuel."""
    number = np.arange(60)
    return pd.DataFrame(
        {
            "product_id": [f"p{n:02}" for n in number],
            "product_category": [f"category {n // 6}" for n in number],
            "product_type": [f"type {n // 3}" for n in number],
            "is_recommendable": number != 59,
        }
    )


@pytest.fixture(scope="session")
def shop(products: pd.DataFrame) -> pd.DataFrame:
    """Return 181 days of thirty customers, each with favourites that come back; p10 and p50 go together."""
    random = np.random.default_rng(5)
    ids = products["product_id"].to_numpy()
    rows = []
    for customer in range(30):
        taste = random.dirichlet(np.full(60, 0.3))
        for day in np.flatnonzero(random.random(181) < 0.2):
            basket = set(random.choice(60, size=random.integers(1, 8), p=taste).tolist())
            basket |= {10, 50} if random.random() < 0.2 else set()
            rows += [
                (f"c{customer:02}", f"o{customer:02}-{day:03}", date(2017, 1, 1) + timedelta(int(day)), ids[item], "s1")
                for item in basket
            ]
    return pd.DataFrame(rows, columns=pd.Index(["customer_id", "order_id", "ordered_on", "product_id", "store_id"]))


@pytest.fixture(scope="session")
def shop_trained(shop: pd.DataFrame, products: pd.DataFrame) -> Trained:
    return train(shop, products, AS_OF)


@pytest.fixture(scope="session")
def shop_lists(shop: pd.DataFrame, products: pd.DataFrame, shop_trained: Trained) -> pd.DataFrame:
    return recommend(shop, products, AS_OF, shop_trained, limits=Limits(length=5, per_category=2))
