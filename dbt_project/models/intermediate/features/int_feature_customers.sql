{{ config(materialized='ephemeral') }}

with seen as (

    select distinct
        customer_id,
        seen_on
    from {{ ref('int_feature_orders') }}
    where is_purchase

),

firsts as (

    select
        customer_id,
        min(seen_on) as seen_on
    from seen
    group by customer_id

),

dates as (

    select * from {{ ref('int_feature_dates') }}

)

-- Each computed date from a customer's first on, with the last of them on which a purchase was first seen.
select
    firsts.customer_id,
    dates.as_of_on,
    dates.input_version,
    dates.code_version,
    max(seen.seen_on) over (partition by firsts.customer_id order by dates.as_of_on) as seen_on
from firsts
inner join dates on firsts.seen_on <= dates.as_of_on
left join seen on firsts.customer_id = seen.customer_id and dates.as_of_on = seen.seen_on
