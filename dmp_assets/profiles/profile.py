"""The customer profile: scores, habits and demographic bands side by side, one row per customer."""

import pandas as pd

from dmp_assets.profiles.behaviour import favourite_day_part, favourite_departments
from dmp_assets.profiles.rfm import rfm_table

DEMOGRAPHIC_BANDS: tuple[str, ...] = (
    "age_band",
    "income_band",
    "home_ownership",
    "marital_status",
    "household_size",
    "household_composition",
    "kids_count",
)

# The served columns and their types, in order.
PROFILE_COLUMNS: dict[str, str] = {
    "customer_id": "object",
    "as_of_on": "datetime64[us]",
    "recency_days": "int64",
    "frequency": "int64",
    "monetary_amount": "float64",
    "r_score": "int64",
    "f_score": "int64",
    "m_score": "int64",
    "rfm_score": "object",
    "rfm_segment": "object",
    "average_order_amount": "float64",
    "average_order_products": "float64",
    "inter_purchase_days_mean": "float64",
    "overdue_ratio": "float64",
    "discount_share": "float64",
    "favourite_department_1": "object",
    "favourite_department_1_share": "float64",
    "favourite_department_2": "object",
    "favourite_department_2_share": "float64",
    "favourite_department_3": "object",
    "favourite_department_3_share": "float64",
    "favourite_store_id": "object",
    "favourite_store_share": "float64",
    "favourite_day_part": "object",
    "weekend_share": "float64",
    "private_label_share": "float64",
    "has_demographics": "bool",
    **dict.fromkeys(DEMOGRAPHIC_BANDS, "object"),
}

# The columns that the profile adds to those of the features.
PROFILE_ONLY: frozenset[str] = frozenset(
    {
        "r_score",
        "f_score",
        "m_score",
        "rfm_score",
        "rfm_segment",
        "overdue_ratio",
        "favourite_day_part",
        "has_demographics",
        *(f"favourite_department_{rank}" for rank in (1, 2, 3)),
        *(f"favourite_department_{rank}_share" for rank in (1, 2, 3)),
        *DEMOGRAPHIC_BANDS,
    }
)


def customer_profiles(features: pd.DataFrame, customers: pd.DataFrame, department_sales: pd.DataFrame) -> pd.DataFrame:
    """Build profiles.customer_profiles.

    `features`: marts.customer_features, one row per customer. `customers`: marts.dim_customers (customer_id,
    has_demographics and the demographic bands). `department_sales`: customer_id, department, sales_amount, for orders
    before the as-of date. Returns one row per row of `features`, sorted by customer_id, with the columns of
    PROFILE_COLUMNS; the units and what may be null are in `schema.CUSTOMER_PROFILES`. overdue_ratio is recency over
    the customer's own mean gap between order days: above 1 the customer is later than usual. Raises ValueError for a
    repeated customer, for a missing recency, frequency or monetary amount, and for a customer that `customers` does
    not know.
    """
    unknown = sorted(set(features["customer_id"]) - set(customers["customer_id"]))
    if unknown:
        raise ValueError(f"{len(unknown)} customers of features are missing from customers, such as {unknown[:5]}")
    profiles = features.merge(rfm_table(features), on="customer_id", validate="one_to_one")
    profiles = profiles.merge(favourite_departments(department_sales), on="customer_id", how="left")
    demographics = customers[["customer_id", "has_demographics", *DEMOGRAPHIC_BANDS]]
    profiles = profiles.merge(demographics, on="customer_id", validate="one_to_one")
    profiles["overdue_ratio"] = profiles["recency_days"] / profiles["inter_purchase_days_mean"]
    profiles["favourite_day_part"] = favourite_day_part(profiles)
    profiles = profiles.sort_values("customer_id", ignore_index=True)
    return profiles[list(PROFILE_COLUMNS)].astype(PROFILE_COLUMNS)
