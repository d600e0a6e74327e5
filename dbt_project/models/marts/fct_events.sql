{#-
    Sessions: the events of one device (anonymous_id), a new one after a pause longer than var session_gap_minutes. E-mail
    events happen in a mailbox and events without a device on a server: neither belongs to a session.

    Incremental: an accepted event that the table lacks as it is has arrived; a row whose event is no longer accepted as it
    was is gone. An arrival belongs to, joins or splits only sessions of its device with an event within the gap before or
    after it; a row that is gone may split its own session. These sessions are computed anew from all their events,
    whatever the order of the loads; the post-hook deletes what is gone.
-#}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='event_id',
    on_schema_change='fail',
    post_hook="
        delete from {{ this }}
        where event_id not in (select event_id from {{ ref('int_events_checked') }} where reject_reason is null)
    ",
) }}

{%- set code_version = code_version([
    'session_gap_minutes', 'bot_user_agent_pattern', 'store_time_zone', 'earliest_order_on', 'sources',
]) -%}
{%- set gap = 'interval ' ~ var('session_gap_minutes') ~ ' minute' -%}
{%- set in_order = 'order by occurred_at, event_id' %}

with accepted as (

    -- Without the columns that are parsed from JSON: to see that nothing arrived costs little.
    select
        event_id,
        anonymous_id,
        occurred_at,
        received_at,
        _load_id
    from {{ ref('int_events_checked') }}
    where reject_reason is null

),

{% if is_incremental() %}
    present as (

        select
            event_id,
            anonymous_id,
            occurred_at,
            received_at,
            session_id,
            _load_id
        from {{ this }}
        where code_version = '{{ code_version }}'

    ),

    arrived as (

        select
            accepted.event_id,
            accepted.anonymous_id,
            accepted.occurred_at
        from accepted
        left join present
            on
                accepted.event_id = present.event_id
                and accepted.received_at = present.received_at
                and accepted._load_id = present._load_id
        where present.event_id is null

    ),

    reopened as (

        select present.session_id
        from present
        inner join arrived
            on
                present.anonymous_id = arrived.anonymous_id
                and present.occurred_at >= arrived.occurred_at - {{ gap }}
                and present.occurred_at <= arrived.occurred_at + {{ gap }}
        union
        select present.session_id
        from present
        left join accepted
            on
                present.event_id = accepted.event_id
                and present.received_at = accepted.received_at
                and present._load_id = accepted._load_id
        where accepted.event_id is null

    ),

    due as (

        select event_id from arrived
        union
        select present.event_id
        from present
        inner join reopened on present.session_id = reopened.session_id

    ),
{% else %}
    due as (

        select event_id from accepted

    ),
{% endif %}

events as (

    select checked.*
    from {{ ref('int_events_checked') }} as checked
    inner join due on checked.event_id = due.event_id
    where checked.reject_reason is null

),

visits as (

    select
        event_id,
        anonymous_id,
        occurred_at,
        case
            when occurred_at <= lag(occurred_at) over (partition by anonymous_id {{ in_order }}) + {{ gap }} then 0
            else 1
        end as is_first
    from events
    where anonymous_id is not null and not {{ is_email_event('event_name') }}

),

counted as (

    select
        *,
        sum(is_first) over (partition by anonymous_id {{ in_order }} rows unbounded preceding) as visit_number
    from visits

),

sessions as (

    select
        event_id,
        md5(
            anonymous_id || ' ' || first_value(event_id) over (partition by anonymous_id, visit_number {{ in_order }})
        ) as session_id,
        row_number() over (partition by anonymous_id, visit_number {{ in_order }}) as session_event_number
    from counted

)

select
    events.event_id,
    events.source,
    events.event_type,
    events.event_name,
    events.customer_id,
    events.anonymous_id,
    events.previous_id,
    events.email_token,
    events.phone_token,
    events.occurred_at,
    cast({{ to_local_time('events.occurred_at', var('store_time_zone')) }} as date) as occurred_on,
    events.received_at,
    events.is_clock_corrected,
    sessions.session_id,
    cast(sessions.session_event_number as integer) as session_event_number,
    events.channel,
    events.referrer_host,
    events.utm_source,
    events.utm_medium,
    events.utm_campaign,
    events.utm_term,
    events.utm_content,
    events.page_url,
    events.page_path,
    events.page_title,
    events.product_id,
    events.order_id,
    events.coupon_id,
    events.campaign_id,
    events.quantity,
    events.amount,
    events.currency,
    events.device_type,
    events.os_name,
    events.locale,
    events.consent,
    events.is_sale_allowed,
    events.is_bot,
    events.is_simulated,
    events.properties,
    events._load_id,
    '{{ code_version }}' as code_version
from events
left join sessions on events.event_id = sessions.event_id
