{%- set rules = {
    'missing_id': "staged.touch_id is null or staged.campaign_id is null or staged.customer_id is null"
        ~ " or (staged.touch_type = 'redemption' and staged.coupon_id is null)",
    'damaged_id': is_damaged_id(['staged.campaign_id', 'staged.customer_id']),
    'missing_date': 'staged.touched_on is null',
    'after_load': 'staged.touched_on > cast(staged._loaded_at as date)',
    'unknown_campaign': 'campaigns.campaign_id is null',
    'unknown_customer': 'customers.customer_id is null',
} -%}

with staged as (

    {{ union_sources('touches') }}

),

campaigns as (

    select campaign_id from {{ ref('int_campaigns') }}

),

customers as (

    select customer_id from {{ ref('int_customers') }}

)

select
    staged.*,
    {{ reject_reason(rules) }} as reject_reason
from staged
left join campaigns on staged.campaign_id = campaigns.campaign_id
left join customers on staged.customer_id = customers.customer_id
