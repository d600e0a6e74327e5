"""What customers are clustered by, and how each feature is made comparable."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

# A share seen over few orders is mostly chance: 1.0 after one visit. It is pulled towards the population's share as if
# the customer had made this many further orders at that share (the posterior mean under a Beta prior). 20 is the first
# quartile of orders per customer in Complete Journey. Bootstrap ARI of five clusters there, with 3, 5, 10, 20 prior
# orders: 0.85, 0.83, 0.86, 0.88. Shares are then plain: a logit or arcsine on top made four clusters less stable.
PRIOR_ORDERS = 20.0


@dataclass(frozen=True)
class ClusterFeature:
    """A column of marts.customer_features, its transform and why it is in."""

    column: str
    transform: Literal["log1p", "shrunk_share"]
    reason: str


CLUSTER_FEATURES: tuple[ClusterFeature, ...] = (
    ClusterFeature(
        "recency_days", "log1p", "whether the customer still comes; a day more matters less the longer it is"
    ),
    ClusterFeature("frequency", "log1p", "how often the customer comes; skewed, 1 to 778 orders"),
    ClusterFeature(
        "monetary_amount", "log1p", "how much the customer is worth; with frequency also the size of the basket"
    ),
    ClusterFeature("discount_share", "shrunk_share", "whether an offer moves the customer"),
    ClusterFeature(
        "private_label_share", "shrunk_share", "which products to offer; unrelated to the others (|r| < 0.2)"
    ),
)


def fit_scaling(features: pd.DataFrame) -> pd.DataFrame:
    """Measure what makes the features comparable: one row per feature, indexed by its name.

    Columns: mean and spread (population standard deviation) of the transformed feature, 0 for a column without
    variation; population_share, the share that few orders are pulled towards (null for amounts and counts). With
    `scale_features` the same scaling serves customers who come later.
    """
    _refuse_repeated(features)
    features = features.sort_values("customer_id")
    shares = pd.Series(
        {
            feature.column: population_share(features[feature.column], features["frequency"])
            if feature.transform == "shrunk_share"
            else np.nan
            for feature in CLUSTER_FEATURES
        }
    )
    values = _transform(features, shares)
    spread = values.std(ddof=0)
    # Below this the spread is rounding noise of a constant.
    constant = spread <= 1e-12 * (1 + values.mean().abs())
    return pd.DataFrame({"mean": values.mean(), "spread": spread.mask(constant, 0.0), "population_share": shares})


def scale_features(features: pd.DataFrame, scaling: pd.DataFrame) -> pd.DataFrame:
    """Make the points to cluster: one row per customer, indexed and sorted by customer_id, one column per feature.

    Amounts and counts become log(1 + x); shares are shrunk towards the population's share with PRIOR_ORDERS. Every
    column is then centred and divided by the spread of `scaling` (from `fit_scaling`), so that a value reads "standard
    deviations above the average customer"; a feature without spread becomes 0 and has no say. A missing share is
    put at the population's share (no evidence either way). Raises ValueError for a missing or negative amount or
    count and for a repeated customer.
    """
    _refuse_repeated(features)
    values = _transform(features.set_index("customer_id").sort_index(), scaling["population_share"])
    return (values - scaling["mean"]) / scaling["spread"].replace(0.0, np.inf)


def transform_features(features: pd.DataFrame) -> pd.DataFrame:
    """Scale the customers by their own means and spreads: `scale_features` after `fit_scaling`."""
    return scale_features(features, fit_scaling(features))


def population_share(share: pd.Series, orders: pd.Series) -> float:
    """Mean of the known shares over orders, 0 to 1; 0 where nobody has one."""
    seen = orders.where(share.notna(), 0.0).astype(float)
    return float((share.astype(float).fillna(0.0) * seen).sum() / seen.sum()) if seen.sum() > 0 else 0.0


def shrink_share(
    share: pd.Series, orders: pd.Series, population: float, prior_orders: float = PRIOR_ORDERS
) -> pd.Series:
    """Each customer's share after adding `prior_orders` orders at the population's share.

    `share` is 0 to 1 and may be missing, `orders` is the number of orders behind it.
    """
    seen = orders.where(share.notna(), 0.0).astype(float)
    return (share.astype(float).fillna(0.0) * seen + population * prior_orders) / (seen + prior_orders)


def _transform(features: pd.DataFrame, shares: pd.Series) -> pd.DataFrame:
    """Return every feature on the scale that is clustered, before centring; `shares` is the population's, by feature."""
    return pd.DataFrame(
        {
            feature.column: _log1p(features[feature.column])
            if feature.transform == "log1p"
            else shrink_share(features[feature.column], features["frequency"], shares[feature.column])
            for feature in CLUSTER_FEATURES
        }
    )


def _refuse_repeated(features: pd.DataFrame) -> None:
    if features["customer_id"].duplicated().any():
        raise ValueError("features must have one row per customer_id to be clustered")


def _log1p(values: pd.Series) -> pd.Series:
    values = values.astype(float)
    if str(values.name).endswith("_amount"):
        # Net of returns, who sent back more than they kept has bought nothing.
        values = values.clip(lower=0)
    if not (values >= 0).all() or np.isinf(values).any():
        raise ValueError(f"{values.name} must be a number of at least 0 for every customer to be clustered")
    return pd.Series(np.log1p(values), index=values.index)
