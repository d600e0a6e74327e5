"""Everything about one customer and why: what the report's customer page shows, as labelled facts with reasons.

Nothing here draws or formats a page; every text is plain.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import pandas as pd

from dmp_assets.analysis.product_text import UNKNOWN
from dmp_assets.platform.money import money
from dmp_assets.profiles.profile import DEMOGRAPHIC_BANDS


@dataclass(frozen=True)
class Fact:
    """One thing known about the customer: what it is, the value in words, and why or how it is known."""

    label: str
    value: str
    why: str


@dataclass(frozen=True)
class FactGroup:
    """Facts under one heading."""

    heading: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class CustomerPage:
    """All that is known about one customer as of a date; groups without a fact are left out."""

    customer_id: str
    as_of_on: date
    groups: tuple[FactGroup, ...]


def customer_page(
    profile: pd.Series,
    tags: pd.DataFrame,
    *,
    recommendations: pd.DataFrame | None = None,
    neighbours: pd.DataFrame | None = None,
    products: pd.DataFrame | None = None,
) -> CustomerPage:
    """Collect what is known about one customer, with the reason of everything.

    Args:
        profile: the customer's row of profiles.customer_profiles.
        tags: rows of profiles.customer_tags; those of other customers are left out.
        recommendations: rows of recommendations.customer_recommendations: customer_id, list, rank, product_id, score,
            strategy, reason.
        neighbours: rows of similarity.customer_similarity: customer_id, neighbour_customer_id, rank, measure,
            similarity.
        products: product_id, product_type, brand and package_size (marts.dim_products), for the names of products
            that are recommended; a product that is missing here goes by its id.

    Returns:
        The page: groups of facts, the most telling first.
    """
    customer_id = str(profile["customer_id"])
    tags = tags[tags["customer_id"] == customer_id].sort_values(["source", "rank", "tag"])
    groups = [
        FactGroup("Standing", _standing(profile)),
        FactGroup("Buying", _buying(profile)),
        FactGroup("Buys more than others", _tag_facts(tags[tags["source"] == "behaviour"])),
        FactGroup("Topics of interest", _tag_facts(tags[tags["source"] == "content"])),
        FactGroup("Tags", _tag_facts(tags[tags["source"] == "rule"])),
        FactGroup("Household", _household(profile)),
    ]
    if recommendations is not None:
        mine = recommendations[recommendations["customer_id"] == customer_id].sort_values(["list", "rank"])
        names = product_names(products) if products is not None else pd.Series(dtype=object)
        for name, rows in mine.groupby("list", sort=True):
            groups.append(FactGroup(f"Recommended: {_words(str(name))}", _recommended(rows, names)))
    if neighbours is not None:
        mine = neighbours[neighbours["customer_id"] == customer_id].sort_values(["measure", "rank"])
        groups.append(FactGroup("Similar customers", _similar(mine)))
    return CustomerPage(customer_id, profile["as_of_on"].date(), tuple(group for group in groups if group.facts))


def product_names(products: pd.DataFrame) -> pd.Series:
    """Name products in words, such as 'SOUP: CREAM (Private, 10 OZ)': text by product_id, which stands for an unknown type.

    `products`: product_id, product_type, and brand and package_size where known.
    """
    details = products.reindex(columns=["brand", "package_size"]).astype(object)
    inside = [", ".join(str(part) for part in row if pd.notna(part) and part != UNKNOWN) for row in details.to_numpy()]
    types = products["product_type"].where(products["product_type"] != UNKNOWN, products["product_id"])
    names = [f"{name} ({part})" if part else str(name) for name, part in zip(types, inside, strict=True)]
    return pd.Series(names, index=pd.Index(products["product_id"]), dtype=object)


def _standing(profile: pd.Series) -> tuple[Fact, ...]:
    rhythm = (
        f"last order {_count(profile['recency_days'], 'day')} ago, usually every {profile['usual_gap_days']:.1f} days; "
        f"slipping after {profile['slipping_after_days']:.0f} days, lapsed after {profile['lapsed_after_days']:.0f}"
    )
    if profile["lifecycle_stage"] == "won_back":
        rhythm = f"back since {profile['returned_on']:%Y-%m-%d} after a long gap; {rhythm}"
    scores = (
        f"scores of 1 to 5: recency {profile['r_score']}, frequency {profile['f_score']}, spend {profile['m_score']}"
    )
    tier = (
        f"{money(profile['sales_amount_26w'])} in the last 26 weeks, "
        f"with an order in {100 * profile['active_week_share']:.0f} % of them"
    )
    return (
        Fact("Lifecycle stage", _words(profile["lifecycle_stage"]), rhythm),
        Fact("Loyalty tier", profile["loyalty_tier"], tier),
        Fact("Segment", profile["rfm_segment"], scores),
        *_scores(profile),
        Fact("Cluster", profile["cluster_name"], f"its centre is the nearest, cluster number {profile['cluster_id']}"),
    )


def _scores(profile: pd.Series) -> tuple[Fact, ...]:
    value = ()
    if pd.notna(profile["expected_amount_84d"]):
        value = (Fact("Next 84 days", money(profile["expected_amount_84d"]), "expected sales, the lifetime value"),)
    if pd.isna(profile["churn_probability"]):
        return value
    response = ()
    if pd.notna(profile["campaign_response_probability"]):
        chance = f"{100 * profile['campaign_response_probability']:.0f} %"
        response = (
            Fact("Coupon", chance, "probability of redeeming one as a member of a campaign like the last large one"),
        )
    return (
        Fact("Churn", f"{100 * profile['churn_probability']:.0f} %", "probability of no order in the next 28 days"),
        Fact(
            "Next 28 days",
            money(profile["expected_amount_28d"]),
            "expected sales, by what customers like this spent",
        ),
        *value,
        Fact(
            "Next order",
            f"in {profile['expected_days_to_purchase']:.1f} days",
            "expected; without one in 28 days it counts as 28",
        ),
        *response,
    )


def _buying(profile: pd.Series) -> tuple[Fact, ...]:
    facts = [
        Fact("Sales", money(profile["monetary_amount"]), f"in {_count(profile['frequency'], 'order')} with a sale"),
    ]
    if pd.notna(profile["average_order_amount"]):
        why = f"{profile['average_order_products']:.1f} different products on average"
        facts.append(Fact("An order", money(profile["average_order_amount"]), why))
    departments = [
        f"{profile[name]} {100 * profile[f'{name}_share']:.0f} %"
        for name in (f"favourite_department_{rank}" for rank in (1, 2, 3))
        if pd.notna(profile[name])
    ]
    if departments:
        facts.append(Fact("Departments", ", ".join(departments), "shares of the customer's sales"))
    facts.append(
        Fact(
            "Store", str(profile["favourite_store_id"]), f"{100 * profile['favourite_store_share']:.0f} % of the orders"
        )
    )
    when = f"most orders of the day; {100 * profile['weekend_share']:.0f} % of the orders at the weekend"
    facts.append(Fact("Time", profile["favourite_day_part"], when))
    for label, column, why in (
        ("Discounts", "discount_share", "off the list price of everything bought"),
        ("Private label", "private_label_share", "of the customer's sales"),
    ):
        if pd.notna(profile[column]):
            facts.append(Fact(label, f"{100 * profile[column]:.0f} %", why))
    return tuple(facts)


def _household(profile: pd.Series) -> tuple[Fact, ...]:
    if not profile["has_demographics"]:
        return (Fact("Demographics", "Unknown", "the source says nothing about this household"),)
    return tuple(Fact(_words(band).capitalize(), profile[band], "as the source says") for band in DEMOGRAPHIC_BANDS)


def _tag_facts(tags: pd.DataFrame) -> tuple[Fact, ...]:
    is_rule = tags["source"] == "rule"
    labels = [_words(tag) if rule else tag for tag, rule in zip(tags["tag"], is_rule, strict=True)]
    values = [
        _words(category) if rule else f"weight {weight:.2f}"
        for category, weight, rule in zip(tags["category"], tags["weight"], is_rule, strict=True)
    ]
    return _facts(labels, values, tags["evidence"])


def _recommended(rows: pd.DataFrame, names: pd.Series) -> tuple[Fact, ...]:
    labels = [str(names.get(product, product)) for product in rows["product_id"]]
    values = [
        f"number {rank}, by {_words(strategy)}" for rank, strategy in zip(rows["rank"], rows["strategy"], strict=True)
    ]
    return _facts(labels, values, rows["reason"])


def _similar(rows: pd.DataFrame) -> tuple[Fact, ...]:
    values = [f"{similarity:.3f}" for similarity in rows["similarity"]]
    whys = [f"number {rank} by {_words(measure)}" for rank, measure in zip(rows["rank"], rows["measure"], strict=True)]
    return _facts(rows["neighbour_customer_id"], values, whys)


def _facts(labels: Iterable[str], values: Iterable[str], whys: Iterable[str]) -> tuple[Fact, ...]:
    return tuple(Fact(*fact) for fact in zip(labels, values, whys, strict=True))


def _words(name: str) -> str:
    return name.replace("_", " ")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")
