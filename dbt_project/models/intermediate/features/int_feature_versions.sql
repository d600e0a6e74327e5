{{ config(materialized='ephemeral') }}

with versions as (

    select * from {{ ref('customer_versions') }}

),

starts as (

    -- The first computed date of each stretch.
    select
        stretches.from_on,
        min(dates.as_of_on) as seen_on
    from (select distinct from_on from versions) as stretches
    inner join {{ ref('int_feature_dates') }} as dates on stretches.from_on <= dates.as_of_on
    group by stretches.from_on

)

select
    versions.*,
    starts.seen_on
from versions
inner join starts on versions.from_on = starts.from_on
where versions.until_on is null or starts.seen_on < versions.until_on
