"""Coupon response: who, of the members of a campaign, redeems one of its coupons before it ends.

A row is a customer in a campaign; its as-of date is the campaign's first day, its features those of the newest as-of date up to
then. Members were chosen by the retailer, not by lot: the probability is of a member like the ones before, not an effect of
the campaign.
"""

from __future__ import annotations

from dmp_assets.forecasts.customers.examples import IS_ACTIVE

RESPONSE = "campaign_response"

CAMPAIGN_FEATURES = (
    "campaign_is_type_a",
    "campaign_is_type_c",
    "campaign_duration_days",
    "campaign_coupon_count",
    "campaign_product_count",
)
"""What is known of a campaign on its first day, beside the customer's features."""

_OF_THE_CAMPAIGN = """
    campaigns.campaign_type = 'Type A' as campaign_is_type_a,
    campaigns.campaign_type = 'Type C' as campaign_is_type_c,
    campaigns.duration_days as campaign_duration_days,
    campaigns.coupon_count as campaign_coupon_count,
    campaigns.product_count as campaign_product_count
"""


def campaign_examples(as_of: str) -> str:
    """Return the query of the active members of every campaign that ended before an as-of date, a SQL expression.

    Returns:
        SQL with the columns of marts.customer_features, as_of_on (the campaign's first day), known_on (the day after its
        last), campaign_id, CAMPAIGN_FEATURES and RESPONSE (a coupon of the campaign was redeemed in its days).
    """
    return f"""
        with campaigns as (
            select * from marts.dim_campaigns where end_on < {as_of}
        ),
        members as (
            select distinct source_customer_id, campaign_id from marts.fct_touches where touch_type = 'membership'
        ),
        responses as (
            select distinct touches.source_customer_id, touches.campaign_id
            from marts.fct_touches as touches
            inner join campaigns on touches.campaign_id = campaigns.campaign_id
            where touches.touch_type = 'redemption'
                and touches.touched_on >= campaigns.start_on and touches.touched_on <= campaigns.end_on
        ),
        dates as (
            select campaigns.campaign_id, max(features.as_of_on) as features_on
            from campaigns
            inner join (select distinct as_of_on from marts.customer_features) as features
                on features.as_of_on <= campaigns.start_on
            group by campaigns.campaign_id
        ),
        known as (
            select
                members.campaign_id,
                dates.features_on,
                versions.customer_id,
                bool_or(responses.source_customer_id is not null) as {RESPONSE}
            from members
            inner join dates on members.campaign_id = dates.campaign_id
            inner join marts.customer_versions as versions
                on members.source_customer_id = versions.identifier_id
                and versions.from_on <= dates.features_on
                and (versions.until_on is null or dates.features_on < versions.until_on)
            left join responses
                on members.source_customer_id = responses.source_customer_id
                and members.campaign_id = responses.campaign_id
            group by all
        )
        select
            features.* exclude (as_of_on),
            campaigns.start_on as as_of_on,
            campaigns.end_on + 1 as known_on,
            campaigns.campaign_id,
            {_OF_THE_CAMPAIGN},
            known.{RESPONSE}
        from known
        inner join campaigns on known.campaign_id = campaigns.campaign_id
        inner join marts.customer_features as features
            on known.customer_id = features.customer_id and known.features_on = features.as_of_on
        where features.{IS_ACTIVE}
        order by as_of_on, features.customer_id, campaigns.campaign_id
    """


def campaign_candidates(as_of: str) -> str:
    """Return the query of the active customers as if all were members of the largest campaign of the last 90 days.

    The largest, because it is the kind that most customers get; without one the newest campaign stands in. No rows where
    there was no campaign.
    """
    return f"""
        with campaigns as (
            select *
            from marts.dim_campaigns
            where start_on < {as_of}
            order by start_on >= {as_of} - 90 desc, if(start_on >= {as_of} - 90, member_count, 0) desc, start_on desc, campaign_id
            limit 1
        )
        select features.*, campaigns.campaign_id, {_OF_THE_CAMPAIGN}
        from marts.customer_features as features
        cross join campaigns
        where features.as_of_on = {as_of} and features.{IS_ACTIVE}
        order by features.customer_id
    """
