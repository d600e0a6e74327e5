"""The contract of the served tables of this domain (Pandera)."""

import numpy as np
import pandera.pandas as pa

from dmp_assets.platform.emptiness import may_be_empty
from dmp_assets.profiles.behaviour import DAY_PARTS
from dmp_assets.profiles.embedding import EMBEDDING_DIMENSIONS
from dmp_assets.profiles.lifecycle import STAGES
from dmp_assets.profiles.loyalty import TIERS
from dmp_assets.profiles.names import INTERESTS, METHODS, METRICS, MIN_BUYERS, MIN_SEED, TOPICS
from dmp_assets.profiles.rfm import SEGMENTS
from dmp_assets.profiles.tags import SOURCES
from dmp_assets.profiles.topics import MIN_TEXTS

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


def _top_tags(names: tuple[str, ...], what: str) -> dict[str, pa.Column]:
    return {
        name: pa.Column(str, nullable=True, description=f"{what} number {rank}; null with fewer found.")
        for rank, name in enumerate(names, start=1)
    }


def _text(description: str) -> pa.Column:
    return pa.Column(str, pa.Check.str_length(min_value=1), description=description)


_RANK = pa.Check.ge(1)
_TOPIC_ID = pa.Check.ge(1)
_NO_TOPICS = (
    f"no word is in {MIN_TEXTS} different texts of products; without department, category and type there is no text"
)


def _band(what: str) -> pa.Column:
    return pa.Column(str, description=f"{what}; 'Unknown' where the source does not say.")


CUSTOMER_PROFILES = pa.DataFrameSchema(
    {
        "customer_id": pa.Column(str, unique=True, description="Customer, namespaced by source."),
        "as_of_on": _AS_OF,
        "recency_days": pa.Column("int64", pa.Check.ge(0), description="Days from the last order to as_of_on."),
        "frequency": pa.Column("int64", pa.Check.ge(0), description="Orders with a sale."),
        "monetary_amount": pa.Column(
            float,
            description="Sales over all orders, net of returns, platform currency; below 0 where more came back than was bought.",
        ),
        "r_score": pa.Column("int64", _SCORE, description="Quintile of recency, 5 most recent; ties score alike."),
        "f_score": pa.Column("int64", _SCORE, description="Quintile of frequency, 5 most frequent; ties score alike."),
        "m_score": pa.Column("int64", _SCORE, description="Quintile of monetary amount, 5 highest; ties score alike."),
        "rfm_score": pa.Column(
            str, pa.Check.str_matches(r"^[1-5]{3}$"), description="The three scores in a row, such as 545."
        ),
        "rfm_segment": pa.Column(
            str, pa.Check.isin(SEGMENTS), description="Named segment by r score and the mean of f and m score."
        ),
        "lifecycle_stage": pa.Column(
            str,
            pa.Check.isin(STAGES),
            description="Where the customer stands in their own rhythm; the rules are in profiles/lifecycle.py.",
        ),
        "usual_gap_days": pa.Column(
            float, pa.Check.gt(0), description="Usual days between order days, shrunk towards the population's."
        ),
        "slipping_after_days": pa.Column(
            float, pa.Check.in_range(14, 56), description="Days without an order after which the customer is slipping."
        ),
        "lapsed_after_days": pa.Column(
            float, pa.Check.in_range(28, 112), description="Days without an order after which the customer has lapsed."
        ),
        "returned_on": pa.Column(
            "datetime64[us]",
            nullable=True,
            description="Latest order day that ended a gap long enough to count as lapsed; null without one.",
        ),
        "loyalty_tier": pa.Column(
            str,
            pa.Check.isin(TIERS),
            description="Tier by spend and regularity in 26 weeks; the rules are in profiles/loyalty.py.",
        ),
        "sales_amount_26w": pa.Column(float, description="Sales of the 26 weeks before as_of_on, platform currency."),
        "active_week_share": pa.Column(
            float, _SHARE, description="Share of those weeks, as far as there is history, with an order, 0 to 1."
        ),
        "cluster_id": pa.Column("int64", pa.Check.ge(0), description="Cluster by the served method."),
        "cluster_name": _text("Name of the cluster."),
        "churn_probability": pa.Column(
            float,
            _SHARE,
            nullable=True,
            description="Probability of no order in the 28 days from as_of_on, 0 to 1, as forecasts.customer_predictions "
            "says; null without an order in the last 90 days or too little history to learn from.",
        ),
        "expected_amount_28d": pa.Column(
            float,
            nullable=True,
            description="Expected sales in the 28 days from as_of_on, platform currency, as forecasts.customer_predictions says; "
            "null where churn_probability is.",
        ),
        "expected_days_to_purchase": pa.Column(
            float,
            nullable=True,
            description="Expected days from as_of_on to the next order with a sale, as forecasts.customer_predictions says: who "
            "has none within 28 days counts as 28; null where churn_probability is.",
        ),
        "expected_amount_84d": pa.Column(
            float,
            nullable=True,
            description="Expected sales in the 84 days from as_of_on, platform currency, as forecasts.customer_predictions says, "
            "also without an order in the last 90 days; null with too little history to learn from.",
        ),
        "campaign_response_probability": pa.Column(
            float,
            _SHARE,
            nullable=True,
            description="Probability of redeeming a coupon as a member of a campaign like the largest of the last 90 days, 0 to 1, "
            "as forecasts.customer_predictions says; null where churn_probability is, or without campaigns to learn from.",
        ),
        **_top_tags(INTERESTS, "Product category that the customer buys more than others do,"),
        **_top_tags(TOPICS, "Topic of products that the customer buys more of than others do,"),
        "average_order_amount": pa.Column(
            float,
            nullable=True,
            description="Mean sales of an order, platform currency; null without a sale.",
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
            nullable=True,
            description="Part of the local day with most orders; a tie goes to the earlier. Null where the source has days only.",
        ),
        "weekend_share": pa.Column(float, _SHARE, description="Share of orders on Saturday or Sunday, 0 to 1."),
        "private_label_share": pa.Column(
            float, _SHARE, nullable=True, description="Private label as a share of sales, 0 to 1; null without sales."
        ),
        "has_demographics": pa.Column(bool, description="Whether the source knows anything about the household."),
        "age_band": _band("Age band of the household's head"),
        "income_band": _band("Household income band, as the source has it"),
        "home_ownership": _band("Owner or renter"),
        "marital_status": _band("Married or unmarried"),
        "household_size": _band("Persons in the household"),
        "household_composition": _band("Adults and children"),
        "kids_count": _band("Children in the household"),
    },
    strict=True,
    ordered=True,
    name="profiles.customer_profiles",
    description="Scores, stage, tier, cluster, interests, habits and demographic bands. One row per customer.",
)

_INTEREST_COLUMNS = {
    "rank": pa.Column("int64", _RANK, description="Place among the customer's interests of this source, 1 is first."),
    "tag": _text("Behaviour: the product category, as in marts.dim_products; content: the topic's name."),
    "weight": pa.Column(
        float, _SHARE, description="The interest's part of all that sets the customer apart, in this source, 0 to 1."
    ),
    "value": pa.Column(
        float,
        pa.Check.gt(1),
        description="Times the average customer's share: of orders (behaviour) or purchases (content), recent ones count more.",
    ),
    "evidence": _text("Why it is an interest, in words."),
}

CUSTOMER_INTERESTS = pa.DataFrameSchema(
    {
        "customer_id": pa.Column(str, description="Customer, namespaced by source."),
        "as_of_on": _AS_OF,
        "source": pa.Column(
            str,
            pa.Check.isin(SOURCES[1:]),
            description="behaviour: categories by orders; content: topics in the texts of what was bought.",
        ),
        **_INTEREST_COLUMNS,
    },
    strict=True,
    ordered=True,
    unique=["customer_id", "source", "rank"],
    name="profiles.customer_interests",
    metadata=may_be_empty(
        "no customer buys a category or a topic of products more than others do, or the products have neither"
    ),
    description="What customers buy more than others do, with weight and evidence; none for a customer who does not. "
    "One row per customer, source and rank.",
)

PRODUCT_TOPICS = pa.DataFrameSchema(
    {
        "topic_id": pa.Column("int64", _TOPIC_ID, unique=True, description="Number of the topic."),
        "as_of_on": _AS_OF,
        "topic_name": pa.Column(str, unique=True, description="Name of the topic: its top words."),
        "terms": _text("Its top words and pairs of words, strongest first."),
        "product_count": pa.Column("int64", pa.Check.ge(0), description="Products whose strongest topic it is."),
        "sales_amount": pa.Column(
            float, description="Sales before as_of_on, platform currency; a product's go to its topics by their weight."
        ),
        "sales_share": pa.Column(float, description="Share of the sales of all recommendable products, 0 to 1."),
    },
    strict=True,
    ordered=True,
    name="profiles.product_topics",
    metadata=may_be_empty(_NO_TOPICS),
    description="Topics in the products' texts (NMF over TF-IDF); empty where no text tells products apart. "
    "One row per topic.",
)

TOPIC_TERMS = pa.DataFrameSchema(
    {
        "topic_id": pa.Column("int64", _TOPIC_ID, description="Number of the topic."),
        "as_of_on": _AS_OF,
        "topic_name": _text("Name of the topic."),
        "rank": pa.Column("int64", _RANK, description="Place of the term in the topic, 1 is strongest."),
        "term": _text("Word, or pair of neighbouring words."),
        "weight": pa.Column(float, _SHARE, description="The term's share of the topic's weight of all terms, 0 to 1."),
    },
    strict=True,
    ordered=True,
    unique=["topic_id", "rank"],
    name="profiles.topic_terms",
    metadata=may_be_empty(_NO_TOPICS),
    description="The top terms of each topic. One row per topic and term.",
)

TOPIC_PRODUCTS = pa.DataFrameSchema(
    {
        "product_id": pa.Column(str, unique=True, description="Product, namespaced by source."),
        "as_of_on": _AS_OF,
        "topic_id": pa.Column("int64", _TOPIC_ID, description="Number of the product's strongest topic."),
        "topic_name": _text("Name of the topic."),
        "weight": pa.Column(
            float, _SHARE, description="The topic's share of the product's weight of all topics, 0 to 1."
        ),
    },
    strict=True,
    ordered=True,
    name="profiles.topic_products",
    metadata=may_be_empty(_NO_TOPICS),
    description="The strongest topic of each product; products without telling words, and those not recommendable, have none. "
    "One row per product with a topic.",
)

CUSTOMER_TAGS = pa.DataFrameSchema(
    {
        "customer_id": pa.Column(str, description="Customer, namespaced by source."),
        "as_of_on": _AS_OF,
        "source": pa.Column(
            str,
            pa.Check.isin(SOURCES),
            description="What gave the tag: a rule of the rule file, behaviour (categories by orders) or content (topics).",
        ),
        "category": pa.Column(
            str,
            pa.Check.isin(["lifecycle", "value", "price", "behaviour", "channel", "interest"]),
            description="What the tag is about.",
        ),
        "tag": _text("Name of the tag: the rule's, the product category or the topic's name."),
        "rank": pa.Column(
            "int64", _RANK, description="Place among the customer's interests of this source, 1 is first; 1 for a rule."
        ),
        "weight": pa.Column(
            float,
            _SHARE,
            description="The interest's part of all that sets the customer apart, in this source, 0 to 1; 1 for a rule.",
        ),
        "value": pa.Column(
            float,
            description="Rule: the number that it names as its value, in that column's unit; interest: times the average "
            "customer's share.",
        ),
        "evidence": _text("Why the tag was given, in words."),
    },
    strict=True,
    ordered=True,
    unique=["customer_id", "source", "tag"],
    name="profiles.customer_tags",
    metadata=may_be_empty("no customer meets a rule of tags.yml or has an interest"),
    description="Tags by rule and ranked interests, with weight and evidence. One row per customer, source and tag.",
)


def _is_vector(values: object) -> bool:
    vector = np.asarray(values, dtype=float)
    return vector.shape == (EMBEDDING_DIMENSIONS,) and bool(np.isfinite(vector).all())


CUSTOMER_EMBEDDINGS = pa.DataFrameSchema(
    {
        "customer_id": pa.Column(str, unique=True, description="Customer, namespaced by source."),
        "as_of_on": _AS_OF,
        "embedding": pa.Column(
            object,
            pa.Check(_is_vector, element_wise=True, error=f"a list of {EMBEDDING_DIMENSIONS} finite numbers"),
            metadata={"type": "list[float]"},
            description=f"List of {EMBEDDING_DIMENSIONS} numbers, the first components first: what the customer buys, in which "
            "rhythm and in which words, and the demographic bands. The average customer is at 0. Compare by cosine, and only rows "
            "of one as_of_on.",
        ),
    },
    strict=True,
    ordered=True,
    name="profiles.customer_embeddings",
    description="Customers as vectors, to find who is like whom; the methods are in profiles/embedding.py, the use in "
    "profiles/lookalike.py. One row per customer with a purchase.",
)

LOOKALIKE_QUALITY = pa.DataFrameSchema(
    {
        "method": pa.Column(
            str,
            pa.Check.isin(METHODS),
            description="How customers are ranked: by cosine of embeddings to the seed, by cosine of counts by category (the "
            "baseline), by their number of orders.",
        ),
        "metric": pa.Column(
            str,
            pa.Check.isin(METRICS),
            description="Mean over categories: roc_auc; lift (buyers among the best tenth over buyers among all candidates); "
            "lift_gain (lift minus the baseline's).",
        ),
        "value": pa.Column(float, description="The metric's value."),
        "ci_low": pa.Column(float, description="Lower bound of the 95 % bootstrap interval over categories."),
        "ci_high": pa.Column(float, description="Upper bound of the same interval."),
        "categories": pa.Column("int64", pa.Check.ge(1), description="Product categories that count."),
        "as_of_on": pa.Column("datetime64[us]", description="Day after the last day of the test period of 28 days."),
    },
    checks=[pa.Check(lambda frame: frame["ci_low"] <= frame["ci_high"], error="ci_low <= ci_high")],
    unique=["method", "metric"],
    strict=True,
    ordered=True,
    name="profiles.lookalike_quality",
    metadata=may_be_empty(
        f"no product category has {MIN_SEED} buyers in 28 days and {MIN_BUYERS} new ones in the next 28"
    ),
    description="Whether the look-alikes of a category's buyers of 28 days buy it in the next 28, with vectors from before them. "
    "One row per method and metric.",
)
