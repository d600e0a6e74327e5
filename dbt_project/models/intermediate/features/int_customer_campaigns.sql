{{ config(materialized='ephemeral') }}

-- Customers without a campaign and a redemption have no row.
select
    versions.version_id,
    dates.as_of_on,
    count(distinct case when touches.touch_type = 'membership' then touches.campaign_id end) as campaign_count,
    count(*) filter (where touches.touch_type = 'redemption') as redemption_count
from {{ ref('fct_touches') }} as touches
inner join {{ ref('int_feature_versions') }} as versions on touches.source_customer_id = versions.identifier_id
inner join {{ ref('int_feature_dates') }} as dates
    on
        touches.touched_on < dates.as_of_on
        and versions.from_on <= dates.as_of_on
        and (versions.until_on is null or versions.until_on > dates.as_of_on)
where touches.touch_type in ('membership', 'redemption')
group by versions.version_id, dates.as_of_on
