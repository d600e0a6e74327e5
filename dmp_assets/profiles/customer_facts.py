"""What the profiles know of one customer, as labelled facts with reasons; every text is plain."""

from collections.abc import Iterator, Sequence

import pandas as pd

from dmp_assets.platform.money import money
from dmp_assets.platform.sections import Fact, FactGroup, Frames, in_words
from dmp_assets.profiles.profile import DEMOGRAPHIC_BANDS


def customer_facts(frames: Frames) -> Sequence[FactGroup]:
    """Collect what is known about one customer, with the reason of everything, the most telling first.

    Args:
        frames: the customer's row of profiles.customer_profiles as ``profile``, none for who is left out of it, that of
            profiles.loyalty_status as ``loyalty``, and as ``tags`` the rows of profiles.customer_tags: source, category, tag,
            weight, evidence, in the order in which they are shown.
    """
    if frames["profile"].empty:
        return []
    profile, tags = frames["profile"].iloc[0], frames["tags"]
    return [
        FactGroup("Standing", (*_standing(profile), *_loyalty(frames["loyalty"]))),
        FactGroup("Buying", _buying(profile)),
        FactGroup("Buys more than others", _interests(tags[tags["source"] == "behaviour"])),
        FactGroup("Topics of interest", _interests(tags[tags["source"] == "content"])),
        FactGroup("Tags", _rules(tags[tags["source"] == "rule"])),
        FactGroup("Household", _household(profile)),
    ]


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
        Fact("Lifecycle stage", in_words(profile["lifecycle_stage"]), rhythm),
        Fact("Loyalty tier", profile["loyalty_tier"], tier),
        Fact("Segment", profile["rfm_segment"], scores),
        *_scores(profile),
        Fact("Cluster", profile["cluster_name"], f"its centre is the nearest, cluster number {profile['cluster_id']}"),
    )


def _loyalty(status: pd.DataFrame) -> Iterator[Fact]:
    for row in status.to_dict("records"):
        if pd.notna(row["missing_amount"]):
            weeks = _count(int(row["missing_weeks"]), "more week")
            yield Fact(
                "Next tier",
                row["next_tier"],
                f"lacks {money(row['missing_amount'])} in 26 weeks, and orders in {weeks}",
            )
        if pd.notna(row["held_weeks"]):
            yield Fact("Tier held for", _count(int(row["held_weeks"]), "week"), "without another order")


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
    weekend = f"{100 * profile['weekend_share']:.0f} % of the orders at the weekend"
    if pd.notna(profile["favourite_day_part"]):
        facts.append(Fact("Time", profile["favourite_day_part"], f"most orders of the day; {weekend}"))
    else:
        facts.append(Fact("Time", "unknown", f"the source has days only; {weekend}"))
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
    return tuple(Fact(in_words(band).capitalize(), profile[band], "as the source says") for band in DEMOGRAPHIC_BANDS)


def _interests(tags: pd.DataFrame) -> tuple[Fact, ...]:
    return tuple(
        Fact(tag, f"weight {weight:.2f}", evidence)
        for tag, weight, evidence in tags[["tag", "weight", "evidence"]].itertuples(index=False, name=None)
    )


def _rules(tags: pd.DataFrame) -> tuple[Fact, ...]:
    return tuple(
        Fact(in_words(tag), in_words(category), evidence)
        for tag, category, evidence in tags[["tag", "category", "evidence"]].itertuples(index=False, name=None)
    )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")
