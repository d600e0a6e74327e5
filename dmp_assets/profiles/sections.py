"""What the profiles offer to the published pages: customers, segments and interests; one customer's standing, habits and tags."""

from __future__ import annotations

from dmp_assets.analysis import inputs
from dmp_assets.platform.emptiness import empty_because
from dmp_assets.platform.pictures import embed
from dmp_assets.platform.sections import Content, CustomerSection, Frames, Section, page_table
from dmp_assets.profiles import plots
from dmp_assets.profiles.customer_facts import customer_facts
from dmp_assets.profiles.loyalty_schema import LOYALTY_STATUS
from dmp_assets.profiles.schema import CUSTOMER_TAGS

NEAR_WEEKS = 2
"""Weeks by which a tier is near, to be reached or to be lost."""
_PROFILES = {"profiles": "select * from profiles.customer_profiles order by customer_id"}
_TAGS = {"tags": "select * from profiles.customer_tags where source = 'rule' order by customer_id, tag"}


def _customers(frames: Frames) -> Content:
    profiles = frames["profiles"]
    return Content(
        "How often customers come and what they spend in all. Recency and frequency are scored in fifths, 5 is best. The lifecycle "
        "stage measures each customer by their own rhythm, the loyalty tier by spend and regularity over half a year. One customer "
        "at a time, with every reason: customers.html beside this page.",
        [
            embed(plots.plot_frequency_and_spend(profiles)),
            embed(plots.plot_recency_frequency(profiles)),
            embed(plots.plot_lifecycle_stages(profiles)),
            embed(plots.plot_loyalty_tiers(profiles)),
            embed(plots.plot_feature_distributions(frames["features"])),
        ],
    )


def _segments(frames: Frames) -> Content:
    segments = (
        frames["profiles"]
        .groupby("rfm_segment", as_index=False)
        .agg(
            customers=("customer_id", "size"),
            recency=("recency_days", "median"),
            orders=("frequency", "median"),
            sales=("monetary_amount", "sum"),
        )
        .sort_values(["sales", "rfm_segment"], ascending=[False, True])
    )
    segments.insert(2, "share", segments["customers"] / segments["customers"].sum())
    segments["share of sales"] = segments["sales"] / segments["sales"].sum()
    segments = segments.rename(
        columns={"rfm_segment": "segment", "recency": "median days since last order", "orders": "median orders"}
    )
    tags = (
        frames["tags"]
        .groupby(["tag", "category"], as_index=False)
        .agg(customers=("customer_id", "size"), example=("evidence", "first"))
        .sort_values(["customers", "tag"], ascending=[False, True])
    )
    formats = {
        "customers": ",.0f",
        "share": ".1%",
        "median days since last order": ",.0f",
        "median orders": ",.0f",
        "sales": ",.0f",
        "share of sales": ".1%",
    }
    return Content(
        "Every customer is in exactly one segment, by recency, frequency and monetary scores. Tags come from rules that a "
        "marketer can edit; the example is what the rule saw for one customer.",
        [embed(plots.plot_segment_sizes(frames["profiles"])), embed(plots.plot_tags(frames["tags"]))],
        [
            page_table("Segments", segments, formats),
            page_table("Tags", tags, {"customers": ",.0f"}, empty_because(CUSTOMER_TAGS)),
        ],
    )


def _interests(frames: Frames) -> Content:
    return Content(
        "What customers buy more than others do: by behaviour from the categories they buy, by content from topics in the words "
        "of the products. The topics are found in the catalogue alone.",
        [embed(plots.plot_interests(frames["interests"])), embed(plots.plot_topics(frames["topics"]))],
    )


def _loyalty(frames: Frames) -> Content:
    tiers = frames["tiers"][
        ["loyalty_tier", "least_sales_amount_26w", "least_active_week_share", "customers", "sales_share"]
    ].rename(
        columns={
            "loyalty_tier": "tier",
            "least_sales_amount_26w": "least spend of 26 weeks",
            "least_active_week_share": "least share of weeks with an order",
            "sales_share": "share of sales",
        }
    )
    near = frames["near"]
    return Content(
        "A tier asks for spend, measured against the other customers, and for orders in so many of the last 26 weeks. Close "
        f"to the next tier is who lacks at most {NEAR_WEEKS} weeks with an order and a tenth of the spend; about to lose the "
        f"present one who keeps it for at most {NEAR_WEEKS} weeks without another order.",
        [embed(plots.plot_loyalty_movements(frames["movements"]))],
        [
            page_table(
                "Loyalty tiers",
                tiers,
                {
                    "least spend of 26 weeks": ",.2f",
                    "least share of weeks with an order": ".0%",
                    "customers": ",.0f",
                    "share of sales": ".1%",
                },
            ),
            page_table(
                "Close to the next tier, and about to lose the present one",
                near,
                {"close_to_the_next": ",.0f", "about_to_lose_it": ",.0f"},
                empty_because(LOYALTY_STATUS),
            ),
        ],
    )


SECTIONS = (
    Section("Customers", 10, {**_PROFILES, "features": inputs.FEATURES}, _customers),
    Section("Segments", 20, {**_PROFILES, **_TAGS}, _segments),
    Section(
        "Loyalty",
        22,
        {
            "tiers": "select * from profiles.loyalty_tiers order by rank",
            "movements": "select * from profiles.loyalty_movements order by month_on, from_tier, to_tier",
            "near": f"""
                select status.loyalty_tier as tier,
                    count(*) filter (
                        where missing_weeks <= {NEAR_WEEKS} and missing_amount <= 0.1 * sales_amount_26w
                    ) as close_to_the_next,
                    count(*) filter (where held_weeks <= {NEAR_WEEKS}) as about_to_lose_it
                from profiles.loyalty_status as status
                inner join profiles.loyalty_tiers as tiers on status.loyalty_tier = tiers.loyalty_tier
                group by status.loyalty_tier, tiers.rank
                order by tiers.rank
            """,
        },
        _loyalty,
    ),
    Section(
        "Interests",
        30,
        {
            "interests": "select * from profiles.customer_interests order by customer_id, source, rank",
            "topics": "select * from profiles.topic_terms order by topic_id, rank",
        },
        _interests,
    ),
)

CUSTOMER = CustomerSection(
    10,
    {
        "profile": """
            select * from profiles.customer_profiles where customer_id in (select customer_id from asked) order by customer_id
        """,
        "loyalty": """
            select * from profiles.loyalty_status where customer_id in (select customer_id from asked) order by customer_id
        """,
        "tags": """
            select customer_id, source, category, tag, weight, evidence
            from profiles.customer_tags where customer_id in (select customer_id from asked)
            order by customer_id, source, category, weight desc, tag
        """,
        "history": f"""
            select customer_id, as_of_on, sales_amount_7d
            from marts.customer_features
            where customer_id in (
                select profiles.customer_id from profiles.customer_profiles as profiles
                inner join asked on profiles.customer_id = asked.customer_id
            ) and (isodow(as_of_on) = 1 or as_of_on = {inputs.AS_OF})
            order by customer_id, as_of_on
        """,
    },
    customer_facts,
)
