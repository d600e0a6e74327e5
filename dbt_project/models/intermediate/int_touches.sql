{%- set identifiers = {'customer': 'touches.source_customer_id'} %}

with members as (

    select
        campaign_member_id,
        customer_id as source_customer_id,
        campaign_id,
        source
    from {{ ref('int_campaign_members_checked') }}
    where reject_reason is null

),

campaigns as (

    select
        campaign_id,
        start_on
    from {{ ref('int_campaigns') }}

),

memberships as (

    -- A member is reached when the campaign starts: the source tells no other date.
    select
        members.campaign_member_id as touch_id,
        members.source_customer_id,
        members.campaign_id,
        members.source,
        'membership' as touch_type,
        campaigns.start_on as touched_on,
        cast(null as string) as coupon_id
    from members
    inner join campaigns on members.campaign_id = campaigns.campaign_id

),

redemptions as (

    select
        touch_id,
        customer_id as source_customer_id,
        campaign_id,
        source,
        touch_type,
        touched_on,
        coupon_id
    from {{ ref('int_touches_checked') }}
    where reject_reason is null

),

touches as (

    select
        touch_id,
        source_customer_id,
        campaign_id,
        source,
        touch_type,
        touched_on,
        coupon_id
    from memberships
    union all
    select
        touch_id,
        source_customer_id,
        campaign_id,
        source,
        touch_type,
        touched_on,
        coupon_id
    from redemptions

)

select
    touches.touch_id,
    {{ owner(identifiers) }} as customer_id,
    touches.source_customer_id,
    touches.campaign_id,
    touches.source,
    touches.touch_type,
    touches.touched_on,
    touches.coupon_id
from touches
{{- owner_joins(identifiers, 'touches.touched_on') }}
