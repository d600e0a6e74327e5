with campaign_touches as (

    -- Coupons are what a campaign of the contract tables sends to its members, and what they redeem.
    select
        touch_id,
        customer_id,
        source_customer_id,
        campaign_id,
        source,
        touch_type,
        touched_on,
        coupon_id,
        'coupon' as channel,
        cast(null as timestamp) as touched_at,
        cast(null as string) as anonymous_id,
        cast(null as string) as event_id,
        cast(null as string) as session_id,
        false as is_simulated
    from {{ ref('int_touches') }}

),

campaigns as (

    select campaign_id from {{ ref('int_campaigns') }}

),

sessions as (

    select
        session_id,
        customer_id
    from {{ ref('fct_sessions') }}

),

machines as (

    select event_id from {{ ref('machine_contacts') }}

),

contacts as (

    select
        *,
        case
            when event_name = 'Email Delivered' then 'delivery'
            when event_name = 'Email Opened' then 'open'
            when event_name = 'Email Link Clicked' then 'click'
            when {{ is_advertisement('event_name', 'page_url', 'channel') }}
                then case when event_name = 'Promotion Viewed' then 'view' else 'click' end
            when session_id is not null and channel not in ('direct', 'internal') then 'visit'
        end as touch_type
    from {{ ref('fct_events') }}
    where not is_bot and event_id not in (select machines.event_id from machines)

),

ranked as (

    -- A page that is loaded again, and what is done on it, carries the same referrer and campaign: one visit.
    select
        *,
        case
            when touch_type <> 'visit' then 1
            else row_number() over (
                partition by session_id, touch_type, channel, utm_source, utm_campaign
                order by session_event_number
            )
        end as contact_rank
    from contacts
    where touch_type is not null

),

event_touches as (

    select
        'event:' || contacts.event_id as touch_id,
        -- Who logs in later in the visit came by the same channel.
        coalesce(contacts.customer_id, sessions.customer_id) as customer_id,
        contacts.source_customer_id,
        campaigns.campaign_id,
        contacts.source,
        contacts.touch_type,
        contacts.occurred_on as touched_on,
        cast(null as string) as coupon_id,
        contacts.channel,
        contacts.occurred_at as touched_at,
        contacts.anonymous_id,
        contacts.event_id,
        contacts.session_id,
        contacts.is_simulated
    from ranked as contacts
    left join campaigns on contacts.campaign_id = campaigns.campaign_id
    left join sessions on contacts.session_id = sessions.session_id
    where contacts.contact_rank = 1

)

select * from campaign_touches
union all
select * from event_touches
