{{ config(materialized='ephemeral') }}

with seen as (

    select distinct
        customer_id,
        seen_on
    from {{ ref('int_feature_orders') }}
    where is_purchase

),

dates as (

    select * from {{ ref('int_feature_dates') }}

)

select
    seen.customer_id,
    dates.as_of_on,
    dates.input_version,
    dates.code_version,
    max(seen.seen_on) as seen_on
from seen
inner join dates on seen.seen_on <= dates.as_of_on
group by seen.customer_id, dates.as_of_on, dates.input_version, dates.code_version
