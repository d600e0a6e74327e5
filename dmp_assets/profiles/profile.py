"""The customer profile: scores, stage, tier, cluster, interests, habits and demographic bands, one row per customer."""

import pandas as pd

from dmp_assets.platform.emptiness import as_table
from dmp_assets.profiles.behaviour import favourite_day_part, favourite_departments
from dmp_assets.profiles.lifecycle import lifecycle_stages
from dmp_assets.profiles.loyalty import loyalty_tiers
from dmp_assets.profiles.names import INTERESTS, TOPICS
from dmp_assets.profiles.rfm import rfm_table
from dmp_assets.profiles.schema import CUSTOMER_PROFILES

DEMOGRAPHIC_BANDS: tuple[str, ...] = (
    "age_band",
    "income_band",
    "home_ownership",
    "marital_status",
    "household_size",
    "household_composition",
    "kids_count",
)

# What the targets of forecasts.customer_predictions are called in the profile.
SCORES: dict[str, str] = {
    "churn_28d": "churn_probability",
    "amount_28d": "expected_amount_28d",
    "days_to_purchase": "expected_days_to_purchase",
    "value_84d": "expected_amount_84d",
    "campaign_response": "campaign_response_probability",
}

# The columns that the profile adds to those of the features.
PROFILE_ONLY: frozenset[str] = frozenset(
    {
        "r_score",
        "f_score",
        "m_score",
        "rfm_score",
        "rfm_segment",
        "lifecycle_stage",
        "usual_gap_days",
        "slipping_after_days",
        "lapsed_after_days",
        "returned_on",
        "loyalty_tier",
        "sales_amount_26w",
        "active_week_share",
        "cluster_id",
        "cluster_name",
        *SCORES.values(),
        *INTERESTS,
        *TOPICS,
        "favourite_day_part",
        *(f"favourite_department_{rank}" for rank in (1, 2, 3)),
        *(f"favourite_department_{rank}_share" for rank in (1, 2, 3)),
    }
)


def customer_profiles(
    features: pd.DataFrame,
    department_sales: pd.DataFrame,
    order_days: pd.DataFrame,
    clusters: pd.DataFrame,
    interests: pd.DataFrame,
    predictions: pd.DataFrame,
) -> pd.DataFrame:
    """Build profiles.customer_profiles.

    Args:
        features: marts.customer_features, one row per customer.
        department_sales: customer_id, department, sales_amount, for orders before the as-of date.
        order_days: customer_id, order_on, sales_amount, for orders before the as-of date.
        clusters: customer_id, cluster_id, cluster_name, one row per customer.
        interests: profiles.customer_interests; a customer may have none.
        predictions: customer_id, target (of SCORES), prediction, one row per customer and target; a customer may have none.

    Returns:
        As `schema.CUSTOMER_PROFILES`, one row per row of `features`, sorted by customer_id.

    Raises:
        ValueError: a customer is repeated, lacks a recency, frequency or monetary amount, or is missing from
            `order_days` or `clusters`.
    """
    for name, frame in (("order_days", order_days), ("clusters", clusters)):
        unknown = sorted(set(features["customer_id"]) - set(frame["customer_id"]))
        if unknown:
            raise ValueError(f"{len(unknown)} customers of features are missing from {name}, such as {unknown[:5]}")
    profiles = features.merge(rfm_table(features), on="customer_id", validate="one_to_one")
    as_of_on = profiles["as_of_on"].max()
    for part in (lifecycle_stages(order_days, as_of_on), loyalty_tiers(order_days, as_of_on)):
        profiles = profiles.merge(part, on="customer_id", validate="one_to_one")
    profiles = profiles.merge(
        clusters[["customer_id", "cluster_id", "cluster_name"]], on="customer_id", validate="one_to_one"
    )
    profiles = profiles.merge(_top_tags(interests), on="customer_id", how="left")
    scores = predictions.pivot_table(index="customer_id", columns="target", values="prediction")
    scores = scores.reindex(columns=list(SCORES)).rename(columns=SCORES).reset_index()
    profiles = profiles.merge(scores, on="customer_id", how="left")
    profiles = profiles.merge(favourite_departments(department_sales), on="customer_id", how="left")
    profiles["favourite_day_part"] = favourite_day_part(profiles)
    profiles = profiles.sort_values("customer_id", ignore_index=True)
    return as_table(profiles, CUSTOMER_PROFILES)


def _top_tags(interests: pd.DataFrame) -> pd.DataFrame:
    """The first interests and topics of each customer side by side: customer_id, INTERESTS, TOPICS."""
    name = {
        **{("behaviour", rank): column for rank, column in enumerate(INTERESTS, start=1)},
        **{("content", rank): column for rank, column in enumerate(TOPICS, start=1)},
    }
    columns = [name.get(key) for key in zip(interests["source"], interests["rank"], strict=True)]
    named = interests.assign(column=columns).dropna(subset=["column"])
    wide = named.pivot_table(index="customer_id", columns="column", values="tag", aggfunc="first")
    return wide.reindex(columns=[*INTERESTS, *TOPICS]).astype(object).reset_index()
