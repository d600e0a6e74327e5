"""Small frames shaped like the marts that profiles are made from."""

import pandas as pd
import pytest

from dmp_assets.profiles.profile import DEMOGRAPHIC_BANDS

COUNT = 10


@pytest.fixture
def features() -> pd.DataFrame:
    """Ten customers, every later one a better customer; the first has ordered once and never had a gap."""
    rows = [
        {
            "customer_id": f"cj:{number:02d}",
            "as_of_on": pd.Timestamp("2018-01-01"),
            "recency_days": 5 * (COUNT - number),
            "frequency": 1 + 4 * number,
            "monetary_amount": 20.0 * (number + 1) ** 2,
            "average_order_amount": 20.0 + number,
            "average_order_products": 5.0,
            "inter_purchase_days_mean": None if number == 0 else 40.0 / number,
            "discount_share": 0.1 if number % 2 else None,
            "favourite_store_id": "cj:300",
            "favourite_store_share": 0.75,
            "morning_share": 0.1,
            "afternoon_share": 0.2,
            "evening_share": 0.7,
            "night_share": 0.0,
            "weekend_share": number / COUNT,
            "private_label_share": 0.3,
            "tenure_days": 300,
        }
        for number in range(COUNT)
    ]
    types = {"as_of_on": "datetime64[us]", "discount_share": float, "inter_purchase_days_mean": float}
    return pd.DataFrame(rows).astype(types)


@pytest.fixture
def customers(features: pd.DataFrame) -> pd.DataFrame:
    """Demographics for every other customer, and one customer who never ordered."""
    ids = [*features["customer_id"], "cj:never"]
    known = [number % 2 == 0 for number in range(len(ids))]
    bands = {band: ["known" if one else "Unknown" for one in known] for band in DEMOGRAPHIC_BANDS}
    return pd.DataFrame({"customer_id": ids, "has_demographics": known, **bands})


@pytest.fixture
def department_sales(features: pd.DataFrame) -> pd.DataFrame:
    """Two departments for every customer but the first, who only used a coupon."""
    return pd.DataFrame(
        [
            (customer, department, amount)
            for customer in features["customer_id"][1:]
            for department, amount in (("GROCERY", 9.0), ("FUEL", 1.0))
        ],
        columns=pd.Index(["customer_id", "department", "sales_amount"]),
    )
