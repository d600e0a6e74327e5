"""What customer predictions learn from: customers at earlier as-of dates, with what happened in the days after."""

from __future__ import annotations

import pandas as pd

HORIZON_DAYS = 28
"""Days from the as-of date on, the day itself included, that are predicted."""

HISTORY_DAYS = 196
"""How old an as-of date may be to be learned from: the log loss of churn, mean of four cutoffs from July to October, was 0.2991
with a logistic regression on eight weeks and 0.2981 on twenty."""

STEP_DAYS = 14
"""Of the as-of dates of so many days, the newest is learned from: with six dates two weeks apart log loss was the same as with
twelve one week apart (0.2991), in half the time."""

IS_ACTIVE = "order_count_90d > 0"
"""Whom there is a prediction for: customers with a sale in the 90 days before the as-of date."""

CHURN = "churn_28d"
AMOUNT = "amount_28d"

FEATURES = (
    "recency_days",
    "frequency",
    "monetary_amount",
    "tenure_days",
    "inter_purchase_days_mean",
    "inter_purchase_days_sd",
    "inter_purchase_days_cv",
    "overdue_ratio",
    *(f"order_count_{days}d" for days in (7, 14, 28, 56, 90)),
    *(f"sales_amount_{days}d" for days in (7, 14, 28, 56, 90)),
    "average_order_amount",
    "average_order_units",
    "average_order_products",
    "product_count",
    "department_count",
    "favourite_department_share",
    *(
        f"department_share_{department}"
        for department in (
            "grocery",
            "drug_gm",
            "fuel",
            "produce",
            "meat",
            "meat_pckgd",
            "deli",
            "miscellaneous",
            "pastry",
            "nutrition",
            "seafood_pckgd",
            "other",
        )
    ),
    "department_concentration",
    "manufacturer_count",
    "favourite_manufacturer_share",
    "national_brand_share",
    "private_label_share",
    "favourite_store_share",
    "store_count",
    "discount_share",
    "coupon_share",
    "coupon_order_share",
    "display_share",
    "mailer_share",
    "display_product_count",
    "display_product_share",
    "mailer_product_count",
    "mailer_product_share",
    *(f"{part}_share" for part in ("morning", "afternoon", "evening", "night")),
    *(
        f"{day}_share"
        for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "weekend")
    ),
    "favourite_weekday_share",
    "campaign_count",
    "redemption_count",
    "has_demographics",
)
"""The columns of marts.customer_features that are numbers. favourite_weekday is a category."""


def active_customers(as_of: str) -> str:
    """Return the query of the active customers' features at an as-of date, a SQL expression; one row per customer."""
    return f"select * from marts.customer_features where as_of_on = {as_of} and {IS_ACTIVE} order by customer_id"


def examples(as_of: str) -> str:
    """Return the query of the customers active at earlier as-of dates whose horizon ended before an as-of date.

    Args:
        as_of: the present as-of date, a SQL expression; no order of that day or later is read.

    Returns:
        SQL whose rows are customers at an as-of date: the columns of marts.customer_features, and of the HORIZON_DAYS
        from the as-of date on CHURN (no order with a sale) and AMOUNT (sales, USD).
    """
    return f"""
        with steps as (
            select distinct as_of_on, (max(as_of_on) over () - as_of_on) // {STEP_DAYS} as step
            from marts.customer_features
            where as_of_on between {as_of} - {HISTORY_DAYS} and {as_of} - {HORIZON_DAYS}
        ),
        features as (
            select *
            from marts.customer_features
            where as_of_on in (select max(as_of_on) from steps group by step) and {IS_ACTIVE}
        ),
        outcomes as (
            select
                features.customer_id,
                features.as_of_on,
                bool_or(orders.has_sale) as has_sale,
                sum(orders.sales_amount) as sales_amount
            from features
            inner join marts.fct_orders as orders
                on
                    features.customer_id = orders.customer_id
                    and orders.order_on >= features.as_of_on
                    and orders.order_on < features.as_of_on + {HORIZON_DAYS}
            group by features.customer_id, features.as_of_on
        )
        select
            features.*,
            not coalesce(outcomes.has_sale, false) as {CHURN},
            cast(coalesce(outcomes.sales_amount, 0) as double) as {AMOUNT}
        from features
        left join outcomes
            on features.customer_id = outcomes.customer_id and features.as_of_on = outcomes.as_of_on
        order by features.as_of_on, features.customer_id
    """


def feature_table(frame: pd.DataFrame, names: tuple[str, ...] = FEATURES) -> pd.DataFrame:
    """Return the named features as float64, NaN where unknown.

    Raises:
        ValueError: if the frame lacks some of them.
    """
    if missing := [name for name in names if name not in frame]:
        raise ValueError(f"the customers' features lack {', '.join(missing)}")
    return frame[list(names)].astype(float)
