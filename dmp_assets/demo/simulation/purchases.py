"""What the simulator reads of the demo's raw tables."""

from __future__ import annotations

import duckdb

from dmp_assets.demo.simulation.events import Purchases

INPUTS = ("transactions", "products", "demographics", "campaigns", "campaign_descriptions", "coupon_redemptions")
"""Tables of the source complete_journey that are read."""

_ORDERS = """
    select household_id as household, basket_id, epoch_us(min(transaction_timestamp)) as order_at,
        round(sum(sales_value), 2) as amount,
        [line.product_id for line in max({'sales_value': sales_value, 'product_id': product_id}, 3)] as product_ids
    from raw.complete_journey__transactions
    group by household_id, basket_id
    order by household_id, basket_id
"""
_MEMBERS = """
    select distinct members.household_id as household, members.campaign_id,
        epoch_us(campaigns.start_date) as start_at, epoch_us(campaigns.end_date) as end_at,
        redeemed.household_id is not null as has_redeemed
    from raw.complete_journey__campaigns as members
    inner join (
        select campaign_id, min(start_date) as start_date, max(end_date) as end_date
        from raw.complete_journey__campaign_descriptions group by campaign_id
    ) as campaigns on members.campaign_id = campaigns.campaign_id
    left join (select distinct household_id, campaign_id from raw.complete_journey__coupon_redemptions) as redeemed
        on members.household_id = redeemed.household_id and members.campaign_id = redeemed.campaign_id
    order by household, campaign_id
"""
_HOUSEHOLDS = """
    select orders.household_id as household,
        coalesce(max(try_cast(left(demographics.household_size, 1) as integer)), 0) as size
    from (select distinct household_id from raw.complete_journey__transactions) as orders
    left join raw.complete_journey__demographics as demographics on orders.household_id = demographics.household_id
    group by orders.household_id
    order by household
"""
_PRODUCTS = """
    select product_id, coalesce(any_value(product_type), '') as name, coalesce(any_value(product_category), '') as category,
        coalesce(any_value(brand), '') as brand
    from raw.complete_journey__products group by product_id order by product_id
"""


def read_purchases(connection: duckdb.DuckDBPyConnection) -> Purchases:
    """Return what the demo's raw tables hold of orders, campaign members, households and products."""
    return Purchases(*(connection.execute(sql).df() for sql in (_ORDERS, _MEMBERS, _HOUSEHOLDS, _PRODUCTS)))
