{{ config(materialized='ephemeral') }}

with dates as (

    select * from {{ ref('int_feature_dates') }}

),

order_dates as (

    select distinct order_on from {{ ref('fct_orders') }}

),

days as (

    select
        order_dates.order_on,
        min(dates.as_of_on) as seen_on
    from order_dates
    inner join dates on order_dates.order_on < dates.as_of_on
    group by order_dates.order_on

)

select
    days.seen_on,
    orders.customer_id,
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
inner join days on orders.order_on = days.order_on
where orders.customer_id is not null
