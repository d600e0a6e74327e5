"""The contract of the served tables of this domain (Pandera)."""

import pandera.pandas as pa

from dmp_assets.profiles.behaviour import DAY_PARTS
from dmp_assets.profiles.rfm import SEGMENTS

_AS_OF = pa.Column("datetime64[us]", description="Only orders before this day count.")
_SHARE = pa.Check.in_range(0, 1)
_SCORE = pa.Check.isin([1, 2, 3, 4, 5])


def _favourite_department(rank: int) -> dict[str, pa.Column]:
    return {
        f"favourite_department_{rank}": pa.Column(
            str,
            nullable=True,
            description=f"Department number {rank} by the customer's sales; null with fewer departments bought from.",
        ),
        f"favourite_department_{rank}_share": pa.Column(
            float,
            _SHARE,
            nullable=True,
            description=f"Its share of the customer's sales, 0 to 1; null where favourite_department_{rank} is.",
        ),
    }


def _band(what: str) -> pa.Column:
    return pa.Column(str, description=f"{what}; 'Unknown' where the source does not say.")


CUSTOMER_PROFILES = pa.DataFrameSchema(
    {
        "customer_id": pa.Column(str, unique=True, description="Customer, namespaced by source."),
        "as_of_on": _AS_OF,
        "recency_days": pa.Column("int64", pa.Check.ge(0), description="Days from the last order to as_of_on."),
        "frequency": pa.Column("int64", pa.Check.ge(0), description="Orders with a sale."),
        "monetary_amount": pa.Column(float, pa.Check.ge(0), description="Sales over all orders, USD."),
        "r_score": pa.Column("int64", _SCORE, description="Quintile of recency, 5 most recent; ties score alike."),
        "f_score": pa.Column("int64", _SCORE, description="Quintile of frequency, 5 most frequent; ties score alike."),
        "m_score": pa.Column("int64", _SCORE, description="Quintile of monetary amount, 5 highest; ties score alike."),
        "rfm_score": pa.Column(
            str, pa.Check.str_matches(r"^[1-5]{3}$"), description="The three scores in a row, such as 545."
        ),
        "rfm_segment": pa.Column(
            str, pa.Check.isin(SEGMENTS), description="Named segment by r score and the mean of f and m score."
        ),
        "average_order_amount": pa.Column(
            float, pa.Check.ge(0), nullable=True, description="Mean sales of an order, USD; null without a sale."
        ),
        "average_order_products": pa.Column(
            float, pa.Check.ge(0), nullable=True, description="Mean distinct products in an order; null without a sale."
        ),
        "inter_purchase_days_mean": pa.Column(
            float, pa.Check.gt(0), nullable=True, description="Mean days between order days; null below two order days."
        ),
        "overdue_ratio": pa.Column(
            float,
            pa.Check.ge(0),
            nullable=True,
            description="recency_days over inter_purchase_days_mean: above 1 is late; null below two order days.",
        ),
        "discount_share": pa.Column(
            float,
            _SHARE,
            nullable=True,
            description="Discounts as a share of list amount, 0 to 1; null without list amount.",
        ),
        **_favourite_department(1),
        **_favourite_department(2),
        **_favourite_department(3),
        "favourite_store_id": pa.Column(str, description="Store with most of the customer's orders."),
        "favourite_store_share": pa.Column(
            float, _SHARE, description="Share of orders in the favourite store, 0 to 1."
        ),
        "favourite_day_part": pa.Column(
            str,
            pa.Check.isin(DAY_PARTS),
            description="Part of the local day with most orders; a tie goes to the earlier.",
        ),
        "weekend_share": pa.Column(float, _SHARE, description="Share of orders on Saturday or Sunday, 0 to 1."),
        "private_label_share": pa.Column(
            float, _SHARE, nullable=True, description="Private label as a share of sales, 0 to 1; null without sales."
        ),
        "has_demographics": pa.Column(bool, description="Whether the source knows anything about the household."),
        "age_band": _band("Age band of the household's head"),
        "income_band": _band("Household income band, thousand USD a year"),
        "home_ownership": _band("Owner or renter"),
        "marital_status": _band("Married or unmarried"),
        "household_size": _band("Persons in the household"),
        "household_composition": _band("Adults and children"),
        "kids_count": _band("Children in the household"),
    },
    strict=True,
    ordered=True,
    name="profiles.customer_profiles",
    description="Scores, habits and demographic bands. One row per customer.",
)

CUSTOMER_TAGS = pa.DataFrameSchema(
    {
        "customer_id": pa.Column(str, description="Customer, namespaced by source."),
        "as_of_on": _AS_OF,
        "tag": pa.Column(str, pa.Check.str_matches(r"^[a-z][a-z0-9_]*$"), description="Name of the tag."),
        "category": pa.Column(
            str,
            pa.Check.isin(["lifecycle", "value", "price", "behaviour", "channel", "interest"]),
            description="What the tag is about.",
        ),
        "value": pa.Column(float, description="The number that the rule names as its value, in that column's unit."),
        "evidence": pa.Column(str, pa.Check.str_length(min_value=1), description="Why the tag was given, in words."),
        "source": pa.Column(str, pa.Check.isin(["rule"]), description="What gave the tag: a rule of the rule file."),
    },
    strict=True,
    ordered=True,
    unique=["customer_id", "tag"],
    name="profiles.customer_tags",
    description="Tags by rule, with the evidence. One row per customer and tag.",
)
