{#-
    What gateways do that look into a mail before its reader: they open it and try its links within seconds of the delivery, or
    try several links within seconds. Nothing but the time tells, for they name usual browsers.
-#}
{%- set mail = 'partition by person_id, campaign_id' -%}
{%- set seconds = 'interval ' ~ var('machine_seconds') ~ ' second' -%}
{%- set others = (var('machine_links') | int) - 1 %}

with contacts as (

    select
        event_id,
        event_name,
        occurred_at,
        campaign_id,
        coalesce(customer_id, email_token, anonymous_id) as person_id,
        coalesce(
            {{ json_text('properties', 'link_url') }},
            {{ json_text('properties', 'link') }},
            {{ json_text('properties', 'url') }}
        ) as link
    from {{ ref('fct_events') }}
    where event_name in ('Email Delivered', 'Email Opened', 'Email Link Clicked', 'Unsubscribed')

),

delivered as (

    select
        *,
        max(case when event_name = 'Email Delivered' then occurred_at end) over ({{ mail }} order by occurred_at)
            as delivered_at,
        row_number() over ({{ mail }}, event_name, link order by occurred_at, event_id) as link_rank
    from contacts

),

links as (

    -- Of a link that is clicked again the first time counts.
    select
        event_id,
        {%- for before in range(others + 1) %}
            coalesce(
                lead(occurred_at, {{ others - before }}) over ({{ mail }} order by occurred_at, event_id)
                <= lag(occurred_at, {{ before }}) over ({{ mail }} order by occurred_at, event_id) + {{ seconds }},
                false
            ){{ ' or' if not loop.last }}
        {%- endfor %} as is_with_others
    from delivered
    where event_name = 'Email Link Clicked' and link_rank = 1

)

select
    delivered.event_id,
    case when delivered.occurred_at <= delivered.delivered_at + {{ seconds }} then 'at_delivery' else 'many_links' end
        as machine_reason
from delivered
left join links on delivered.event_id = links.event_id
where
    delivered.event_name <> 'Email Delivered'
    and (
        coalesce(delivered.occurred_at <= delivered.delivered_at + {{ seconds }}, false)
        or coalesce(links.is_with_others, false)
    )
