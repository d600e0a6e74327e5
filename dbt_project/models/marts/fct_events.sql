{#-
    Sessions: the events of one device (anonymous_id), a new one after a pause longer than var session_gap_minutes. What
    happens in a mailbox, in an advertisement elsewhere or on a server (no device) belongs to no session.

    Incremental: an accepted event that the table lacks as it is has arrived, also at another time (a later receipt may tell
    by how much a device's clock was wrong); a row whose event is no longer accepted as it was is gone. An arrival belongs to, joins or splits only sessions of its device with an event within the gap before or
    after it; a row that is gone may split its own session. These sessions are computed anew from all their events,
    whatever the order of the loads; and so are those of which an event is another customer's by what identity knows now. The post-hook deletes what is gone. What was parsed before is not parsed again.
-#}
{{ config(
    materialized=incremental_or_table(),
    incremental_strategy='delete+insert',
    unique_key='event_id',
    on_schema_change='fail',
    post_hook="
        {% if is_incremental() %}
        delete from {{ this }}
        where event_id not in (select event_id from {{ ref('int_events_checked') }} where reject_reason is null)
        {% endif %}
    ",
) }}

{%- set code_version = code_version([
    'session_gap_minutes', 'clock_tolerance_minutes', 'missing_values', 'guest_customers', 'bot_user_agent_pattern',
    'own_hosts', 'ignored_referrers', 'event_time_zone', 'earliest_order_on', 'sources',
]) -%}
{%- set gap = 'interval ' ~ var('session_gap_minutes') ~ ' minute' -%}
{%- set in_order = 'order by occurred_at, event_id' -%}
{%- set same_receipt = 'accepted.event_id = present.event_id and accepted.received_at = present.received_at'
    ~ ' and accepted.occurred_at = present.occurred_at and accepted._load_id = present._load_id' -%}
{%- set identifiers = {
    'customer': 'events.source_customer_id', 'email': 'events.email_token', 'phone': 'events.phone_token',
    'device': 'events.anonymous_id',
} -%}
{%- set columns = [
    'event_id', 'source', 'event_type', 'event_name', 'source_customer_id', 'anonymous_id', 'previous_id', 'email_token',
    'phone_token', 'occurred_at', 'received_at', 'is_clock_corrected', 'channel', 'referrer_host', 'utm_source',
    'utm_medium', 'utm_campaign', 'utm_term', 'utm_content', 'page_url', 'page_path', 'page_title', 'product_id',
    'order_id', 'coupon_id', 'campaign_id', 'quantity', 'amount', 'currency', 'device_type', 'os_name', 'locale',
    'consent', 'is_sale_allowed', 'is_bot', 'is_simulated', 'properties', '_load_id',
] %}

with {% if is_incremental() %}
    accepted as (

        select
            event_id,
            anonymous_id,
            occurred_at,
            received_at,
            _load_id
        from {{ ref('int_events_checked') }}
        where reject_reason is null

    ),

    present as (

        select
            event_id,
            customer_id,
            source_customer_id,
            email_token,
            phone_token,
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
        left join present on {{ same_receipt }}
        where present.event_id is null

    ),

    gone as (

        select
            present.event_id,
            present.session_id
        from present
        left join accepted on {{ same_receipt }}
        where accepted.event_id is null

    ),

    reassigned as (

        -- Whose other customer they are by what is known now.
        select
            events.event_id,
            events.session_id
        from present as events
        {{- owner_joins(identifiers, 'events.occurred_at') | indent(8) }}
        where coalesce({{ owner(identifiers) | indent(12) }}, '') <> coalesce(events.customer_id, '')

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
        select gone.session_id from gone
        union
        select reassigned.session_id from reassigned

    ),

    events as (

        select
            {{ columns | join(',\n            ') | replace('source_customer_id', 'customer_id as source_customer_id') }}
        from {{ ref('int_events_checked') }}
        where
            reject_reason is null
            and _load_id in ({{ arrived_loads(code_version) }})
            and event_id in (select arrived.event_id from arrived)
        union all
        select
            {{ columns | join(',\n            ') }}
        from {{ this }}
        where
            code_version = '{{ code_version }}'
            and (
                session_id in (select reopened.session_id from reopened)
                or event_id in (select reassigned.event_id from reassigned)
            )
            and event_id not in (select gone.event_id from gone)

    ),
{% else %}
    events as (

        select
            {{ columns | join(',\n            ') | replace('source_customer_id', 'customer_id as source_customer_id') }}
        from {{ ref('int_events_checked') }}
        where reject_reason is null

    ),
{% endif %}

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
    where
        anonymous_id is not null
        and not {{ is_email_event('event_name') }}
        and not {{ is_advertisement('event_name', 'page_url', 'channel') }}

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
        md5(first_value(event_id) over (partition by anonymous_id, visit_number {{ in_order }})) as session_id,
        row_number() over (partition by anonymous_id, visit_number {{ in_order }}) as session_event_number
    from counted

)

select
    {%- for column in columns %}
        events.{{ column }},
    {%- endfor %}
    {{ owner(identifiers) }} as customer_id,
    cast({{ to_local_time('events.occurred_at', var('event_time_zone')) }} as date) as occurred_on,
    sessions.session_id,
    cast(sessions.session_event_number as integer) as session_event_number,
    '{{ code_version }}' as code_version
from events
left join sessions on events.event_id = sessions.event_id
{{- owner_joins(identifiers, 'events.occurred_at') }}
