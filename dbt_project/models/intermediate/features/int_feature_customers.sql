{{ config(materialized='ephemeral') }}

with seen as (

    select distinct
        version_id,
        customer_id,
        until_on,
        seen_on
    from {{ ref('int_feature_orders') }}
    where is_purchase

),

firsts as (

    select
        version_id,
        customer_id,
        until_on,
        min(seen_on) as seen_on
    from seen
    group by version_id, customer_id, until_on

),

dates as (

    select * from {{ ref('int_feature_dates') }}

)

-- Each computed date of a version from its first purchase on, with the last of them on which one was first seen.
select
    firsts.version_id,
    firsts.customer_id,
    dates.as_of_on,
    dates.input_version,
    dates.code_version,
    max(seen.seen_on) over (partition by firsts.version_id order by dates.as_of_on) as seen_on
from firsts
inner join dates
    on firsts.seen_on <= dates.as_of_on and (firsts.until_on is null or firsts.until_on > dates.as_of_on)
left join seen on firsts.version_id = seen.version_id and dates.as_of_on = seen.seen_on
