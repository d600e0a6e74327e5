{#-
    Incremental: a session is computed where the table lacks it with the present events (input_version) and code; the
    post-hook deletes the sessions that no longer exist, because a late event joined or split them.

    An order counts once, whoever tells it how often (browser and server, app and web, a thank-you page opened again): by its id with
    the namespace of its source, where it was told first, and in a session rather than without one. What has no order id is an
    order of its own. Sales come from order lines alone; an order told by an event adds none.
-#}
{{ config(
    materialized=incremental_or_table(),
    incremental_strategy='delete+insert',
    unique_key='session_id',
    on_schema_change='fail',
    post_hook="
        {% if is_incremental() %}
        delete from {{ this }}
        where session_id not in (select session_id from {{ ref('fct_events') }} where session_id is not null)
        {% endif %}
    ",
) }}

{%- set code_version = code_version(['event_time_zone', 'currency', 'engaged_pause_seconds']) -%}
{%- set forwards = 'partition by session_id order by is_page desc, session_event_number' -%}
{%- set backwards = 'partition by session_id order by is_page desc, session_event_number desc' -%}
{%- set longest_pause = var('engaged_pause_seconds') ~ ' * 1000' -%}
{#- What a session takes from its entry, the first page or screen. -#}
{%- set entry_columns = [
    'source', 'channel', 'referrer_host', 'utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content',
    'device_type', 'os_name', 'locale',
] -%}
{%- set columns = entry_columns + [
    'session_id', 'session_event_number', 'anonymous_id', 'customer_id', 'source_customer_id', 'event_type', 'event_name', 'occurred_at',
    'page_path', 'product_id', 'order_id', 'amount', 'currency', 'is_bot', 'is_simulated',
] %}

with orders as (

    select
        event_id,
        order_id is null
        or row_number() over (
            partition by order_id
            order by case when session_id is null then 1 else 0 end, occurred_at, event_id
        ) = 1 as is_first_telling
    from {{ ref('fct_events') }}
    where event_name = 'Order Completed'

),

told as (

    select
        events.session_id,
        events.event_id,
        events.customer_id,
        events.occurred_at,
        events.received_at,
        events._load_id,
        events.code_version,
        case when orders.is_first_telling then 1 else 0 end as first_telling
    from {{ ref('fct_events') }} as events
    left join orders on events.event_id = orders.event_id

),

versions as (

    select
        session_id,
        cast(
            {{ content_hash([
                'event_id', 'customer_id', 'occurred_at', 'received_at', '_load_id', 'code_version', 'first_telling',
            ]) }} as string
        ) as input_version
    from told
    where session_id is not null
    group by session_id

),

due as (

    select
        session_id,
        input_version
    from versions
    {%- if is_incremental() %}
        where
            (session_id, input_version) not in (
                select
                    present.session_id,
                    present.input_version
                from {{ this }} as present
                where present.code_version = '{{ code_version }}'
            )
    {%- endif %}

),

events as (

    select
        {%- for column in columns %}
            events.{{ column }},
        {%- endfor %}
        due.input_version,
        events.event_type in ('page', 'screen') as is_page,
        coalesce(orders.is_first_telling, false) as is_first_telling
    from {{ ref('fct_events') }} as events
    inner join due on events.session_id = due.session_id
    left join orders on events.event_id = orders.event_id

),

ranked as (

    select
        *,
        case when is_page then coalesce(page_path, event_name) end as page,
        row_number() over ({{ forwards }}) as entry_rank,
        row_number() over ({{ backwards }}) as exit_rank,
        row_number() over (
            partition by session_id
            order by case when customer_id is null then 1 else 0 end, session_event_number desc
        ) as customer_rank,
        row_number() over (
            partition by session_id
            order by case when source_customer_id is null then 1 else 0 end, session_event_number desc
        ) as source_customer_rank,
        {{ milliseconds_between(
            'occurred_at',
            'lead(occurred_at) over (partition by session_id order by session_event_number)'
        ) }} as pause_milliseconds
    from events

),

sessions as (

    select
        session_id,
        input_version,
        anonymous_id,
        max(case when customer_rank = 1 then customer_id end) as customer_id,
        max(case when source_customer_rank = 1 then source_customer_id end) as source_customer_id,
        count(distinct customer_id) > 1 as has_several_customers,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        sum(
            case when pause_milliseconds is not null then least(pause_milliseconds, {{ longest_pause }}) end
        ) as engaged_milliseconds,
        count(*) as event_count,
        count(*) filter (where is_page) as page_view_count,
        count(distinct case when event_name = 'Product Viewed' then product_id end) as product_viewed_count,
        count(distinct case when event_name = 'Product Added' then product_id end) as product_added_count,
        max(case when entry_rank = 1 then page end) as entry_page,
        max(case when exit_rank = 1 then page end) as exit_page,
        {%- for column in entry_columns %}
            max(case when entry_rank = 1 then {{ column }} end) as {{ column }},
        {%- endfor %}
        min(case when is_first_telling then session_event_number end) as first_order_number,
        count(*) filter (where is_first_telling) as order_count,
        sum(amount) filter (where is_first_telling) as order_amount,
        count(*) filter (
            where is_first_telling and amount is not null and currency = '{{ var("currency") }}'
        ) as amount_count,
        bool_or(is_bot) as is_bot,
        bool_or(is_simulated) as is_simulated
    from ranked
    group by session_id, input_version, anonymous_id

)

select
    sessions.session_id,
    sessions.anonymous_id,
    sessions.customer_id,
    sessions.source_customer_id,
    sessions.has_several_customers,
    sessions.source,
    sessions.started_at,
    sessions.ended_at,
    cast({{ to_local_time('sessions.started_at', var('event_time_zone')) }} as date) as started_on,
    cast({{ to_local_time('sessions.ended_at', var('event_time_zone')) }} as date) as ended_on,
    cast(
        floor({{ milliseconds_between('sessions.started_at', 'sessions.ended_at') }} / 1000) as integer
    ) as duration_seconds,
    cast(floor(coalesce(sessions.engaged_milliseconds, 0) / 1000) as integer) as engaged_seconds,
    cast(sessions.event_count as integer) as event_count,
    cast(sessions.page_view_count as integer) as page_view_count,
    cast(sessions.product_viewed_count as integer) as product_viewed_count,
    cast(sessions.product_added_count as integer) as product_added_count,
    sessions.entry_page,
    sessions.exit_page,
    sessions.channel,
    sessions.referrer_host,
    sessions.utm_source,
    sessions.utm_medium,
    sessions.utm_campaign,
    sessions.utm_term,
    sessions.utm_content,
    sessions.device_type,
    sessions.os_name,
    sessions.locale,
    sessions.order_count > 0 as is_converted,
    cast(sessions.order_count as integer) as order_count,
    first_orders.order_id,
    case
        when sessions.order_count > 0 and sessions.amount_count = sessions.order_count
            then cast(sessions.order_amount as decimal(18, 2))
    end as order_amount,
    sessions.is_bot,
    sessions.is_simulated,
    sessions.input_version,
    '{{ code_version }}' as code_version
from sessions
left join events as first_orders
    on
        sessions.session_id = first_orders.session_id
        and sessions.first_order_number = first_orders.session_event_number
