"""Customers in three plain groups, shaped like marts.customer_features."""

import numpy as np
import pandas as pd
import pytest

from dmp_assets.clusters.features import transform_features
from dmp_assets.clusters.methods import METHODS, Fit

GROUP = 40


@pytest.fixture
def features() -> pd.DataFrame:
    """Forty customers each: frequent private-label, frequent discount, lapsed; the rows of the groups are mixed."""
    generator = np.random.default_rng(7)
    centres = {  # recency_days, frequency, monetary_amount, discount_share, private_label_share
        "private": (3, 120, 3600, 0.10, 0.60),
        "discount": (5, 90, 2500, 0.40, 0.20),
        "lapsed": (150, 6, 150, 0.15, 0.25),
    }
    columns = pd.Index(["recency_days", "frequency", "monetary_amount", "discount_share", "private_label_share"])
    groups = [
        pd.DataFrame(np.array(centre) * generator.uniform(0.85, 1.15, (GROUP, len(columns))), columns=columns).assign(
            group=name
        )
        for name, centre in centres.items()
    ]
    frame = pd.concat(groups, ignore_index=True)
    frame = frame.sample(frac=1, random_state=1, ignore_index=True)
    frame["customer_id"] = [f"cj:{number:03d}" for number in range(len(frame))]
    frame["as_of_on"] = pd.Series([pd.Timestamp("2018-01-01")] * len(frame), dtype="datetime64[us]")
    frame["average_order_amount"] = frame["monetary_amount"] / frame["frequency"]
    frame["average_order_products"] = 8.0
    frame["evening_share"] = 0.4
    frame["weekend_share"] = 0.3
    frame["favourite_store_share"] = 0.9
    return frame


@pytest.fixture
def points(features: pd.DataFrame) -> pd.DataFrame:
    return transform_features(features)


@pytest.fixture
def fits(points: pd.DataFrame) -> dict[str, Fit]:
    """K-Means in three clusters, HDBSCAN that finds only noise."""
    values = points.to_numpy()
    settings = {"kmeans": [3], "hdbscan": [len(values)]}
    return {name: METHODS[name].partitions(values, setting, 0)[0] for name, setting in settings.items()}
