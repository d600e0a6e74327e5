"""The contract of the tables of loyalty (Pandera)."""

import pandera.pandas as pa

from dmp_assets.platform.emptiness import may_be_empty
from dmp_assets.profiles.loyalty import TIERS

_AS_OF = pa.Column("datetime64[us]", description="Only orders before this day count.")
_SHARE = pa.Check.in_range(0, 1)
_TIER = pa.Column(str, pa.Check.isin(TIERS), description="Loyalty tier: gold, silver, bronze or basic.")
_SALES_26W = pa.Column(float, description="Net sales of the last 26 weeks, in the platform's currency.")

LOYALTY_TIERS = pa.DataFrameSchema(
    {
        "loyalty_tier": pa.Column(str, pa.Check.isin(TIERS), unique=True, description="gold, silver, bronze or basic."),
        "rank": pa.Column("int64", pa.Check.in_range(1, len(TIERS)), description="1 is the highest."),
        "as_of_on": _AS_OF,
        "least_sales_amount_26w": pa.Column(
            float,
            nullable=True,
            description="Least spend of the last 26 weeks that the tier asks for on this day: that of the fifth of spenders which "
            "its rule names. Null where nobody reaches it.",
        ),
        "least_active_week_share": pa.Column(
            float, _SHARE, description="Least share of those weeks with an order that it asks for, 0 to 1."
        ),
        "customers": pa.Column("int64", pa.Check.ge(0), description="Customers in it."),
        "sales_share": pa.Column(float, description="Their share of all sales of the last 26 weeks; 0 without any."),
    },
    strict=True,
    ordered=True,
    description="The loyalty tiers with their rules, and who is in them. One row per tier.",
)

LOYALTY_STATUS = pa.DataFrameSchema(
    {
        "customer_id": pa.Column(str, unique=True, description="The customer."),
        "as_of_on": _AS_OF,
        "loyalty_tier": _TIER,
        "sales_amount_26w": _SALES_26W,
        "active_week_share": pa.Column(float, _SHARE, description="Share of those weeks with an order, 0 to 1."),
        "next_tier": pa.Column(str, nullable=True, description="The tier above; null in the highest."),
        "missing_amount": pa.Column(
            float,
            pa.Check.ge(0),
            nullable=True,
            description="What more would have to be spent within the 26 weeks for the next tier, in the platform's currency, if "
            "the others spent as they do. Null in the highest tier, and where nobody reaches the next.",
        ),
        "missing_weeks": pa.Column(
            float,
            pa.Check.in_range(0, 26),
            nullable=True,
            description="How many more of the weeks would need an order for the next tier. Null as missing_amount.",
        ),
        "held_weeks": pa.Column(
            float,
            pa.Check.in_range(0, 26),
            nullable=True,
            description="Whole weeks that the tier holds without another order. Null in the lowest, which nobody loses.",
        ),
    },
    strict=True,
    ordered=True,
    metadata=may_be_empty("everybody refuses analytics or personalization"),
    description="How far a customer is from the next loyalty tier, and how long the present one holds. One row per customer.",
)

LOYALTY_MOVEMENTS = pa.DataFrameSchema(
    {
        "month_on": pa.Column(
            "datetime64[us]", description="First day of a month: its tiers are compared with those of a month earlier."
        ),
        "from_tier": pa.Column(
            str, pa.Check.isin([*TIERS, "none"]), description="Tier a month earlier; none before the first order."
        ),
        "to_tier": pa.Column(str, pa.Check.isin(TIERS), description="Tier on the day."),
        "customers": pa.Column("int64", pa.Check.ge(1), description="Customers who moved so, or stayed."),
    },
    unique=["month_on", "from_tier", "to_tier"],
    strict=True,
    ordered=True,
    metadata=may_be_empty("the orders lie within one month"),
    description="Movement between loyalty tiers, month by month. One row per month and pair of tiers.",
)
