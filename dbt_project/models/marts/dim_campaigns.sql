with campaigns as (

    select * from {{ ref('int_campaigns') }}

),

coupon_products as (

    {{ union_sources('coupon_products') }}

),

members as (

    select
        campaign_id,
        count(distinct customer_id) as member_count
    from {{ ref('int_touches') }}
    where touch_type = 'membership'
    group by campaign_id

),

coupons as (

    select
        campaign_id,
        count(distinct coupon_id) as coupon_count,
        count(distinct product_id) as product_count
    from coupon_products
    group by campaign_id

)

select
    campaigns.campaign_id,
    campaigns.source,
    campaigns.campaign_type,
    campaigns.start_on,
    campaigns.end_on,
    {{ days_between('campaigns.start_on', 'campaigns.end_on') }} + 1 as duration_days,
    cast(coalesce(members.member_count, 0) as integer) as member_count,
    cast(coalesce(coupons.coupon_count, 0) as integer) as coupon_count,
    cast(coalesce(coupons.product_count, 0) as integer) as product_count
from campaigns
left join members on campaigns.campaign_id = members.campaign_id
left join coupons on campaigns.campaign_id = coupons.campaign_id
