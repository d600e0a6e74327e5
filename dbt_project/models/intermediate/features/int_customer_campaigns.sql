{{ config(materialized='ephemeral') }}

-- Customers without a campaign and a redemption have no row.
select
    touches.customer_id,
    dates.as_of_on,
    count(distinct case when touches.touch_type = 'membership' then touches.campaign_id end) as campaign_count,
    count(*) filter (where touches.touch_type = 'redemption') as redemption_count
from {{ ref('fct_touches') }} as touches
inner join {{ ref('int_feature_dates') }} as dates on touches.touched_on < dates.as_of_on
where touches.touch_type in ('membership', 'redemption')
group by touches.customer_id, dates.as_of_on
