"""Small frames shaped like the marts that profiles are made from."""

import pandas as pd
import pytest

from dmp_assets.profiles.profile import DEMOGRAPHIC_BANDS, customer_profiles

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
            "overdue_ratio": None if number == 0 else 5 * (COUNT - number) * number / 40.0,
            "has_demographics": number % 2 == 0,
            **dict.fromkeys(DEMOGRAPHIC_BANDS, "Unknown" if number % 2 else "known"),
        }
        for number in range(COUNT)
    ]
    types = {
        "as_of_on": "datetime64[us]",
        "discount_share": float,
        "inter_purchase_days_mean": float,
        "overdue_ratio": float,
    }
    return pd.DataFrame(rows).astype(types)


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


@pytest.fixture
def order_days(features: pd.DataFrame) -> pd.DataFrame:
    """One order day for the first customer, two for every other, the last as many days ago as the features say."""
    last = features["as_of_on"] - pd.to_timedelta(features["recency_days"].clip(lower=1), unit="D")
    first = (last - pd.Timedelta(days=7))[1:]
    days = pd.concat([last, first]).rename("order_on").to_frame()
    days["customer_id"] = features["customer_id"].reindex(days.index)
    return days.assign(sales_amount=25.0).reset_index(drop=True)


@pytest.fixture
def clusters(features: pd.DataFrame) -> pd.DataFrame:
    return features[["customer_id"]].assign(cluster_id=1, cluster_name="Occasional shoppers")


@pytest.fixture
def interests(features: pd.DataFrame) -> pd.DataFrame:
    """Two interests by behaviour and one by content for the last customer, none for the others."""
    rows = [("behaviour", 1, "CHEESE"), ("behaviour", 2, "BEEF"), ("content", 1, "cheese, deli, cheeses")]
    table = pd.DataFrame(rows, columns=pd.Index(["source", "rank", "tag"]))
    last = features.iloc[-1]
    return table.assign(
        customer_id=last["customer_id"], as_of_on=last["as_of_on"], weight=0.5, value=2.0, evidence="in 2 of 4 orders"
    )


@pytest.fixture
def predictions(features: pd.DataFrame) -> pd.DataFrame:
    """All scores of the last customer, none for the others."""
    last = features["customer_id"].iloc[-1]
    return pd.DataFrame(
        {
            "customer_id": last,
            "target": ["churn_28d", "amount_28d", "days_to_purchase", "value_84d", "campaign_response"],
            "prediction": [0.05, 180.0, 3.5, 510.0, 0.2],
        },
    )


@pytest.fixture
def profiles(features, department_sales, order_days, clusters, interests, predictions) -> pd.DataFrame:
    return customer_profiles(features, department_sales, order_days, clusters, interests, predictions)
