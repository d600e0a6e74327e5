{{ config(materialized='ephemeral') }}

with versions as (

    select * from {{ ref('int_feature_versions') }}

)

-- Once for each version of the customer whose it is, on the first computed date of the version that comes after it.
select
    greatest(days.seen_on, versions.seen_on) as seen_on,
    versions.version_id,
    versions.customer_id,
    versions.until_on,
    orders.store_id,
    orders.order_on,
    orders.hour_local,
    orders.iso_weekday,
    orders.is_purchase,
    orders.has_sale,
    orders.has_coupon,
    orders.units,
    orders.product_count,
    orders.sales_amount,
    orders.list_amount,
    orders.discount_amount,
    orders.coupon_discount_amount
from {{ ref('fct_orders') }} as orders
inner join {{ ref('int_feature_days') }} as days on orders.order_on = days.order_on
inner join versions
    on
        orders.identifier_id = versions.identifier_id
        and (versions.until_on is null or days.seen_on < versions.until_on)
        and (versions.owned_from_at is null or orders.ordered_at >= versions.owned_from_at)
        and (versions.owned_until_at is null or orders.ordered_at < versions.owned_until_at)
