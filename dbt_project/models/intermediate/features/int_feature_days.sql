{{ config(materialized='ephemeral') }}

with dates as (

    select as_of_on from {{ ref('int_feature_dates') }}

),

order_dates as (

    select distinct order_on from {{ ref('fct_orders') }}

)

-- The first computed date that sees a day of orders.
select
    order_dates.order_on,
    min(dates.as_of_on) as seen_on
from order_dates
inner join dates on order_dates.order_on < dates.as_of_on
group by order_dates.order_on
