{#-
    Decisions are told by events: each names what is allowed at that moment, so a decision is where that changes.
    A global privacy control (Sec-GPC) refuses the purpose sale, an unsubscription the purpose email, an empty map every
    purpose of var consent_purposes. If one event says both yes and no for a purpose, no counts.
-#}
{{ config(enabled='collector' in var('sources')) }}

{%- set person = ['event_id', 'customer_id', 'anonymous_id', 'email_token'] -%}
{%- set told = person + ['source', 'occurred_at', 'is_simulated', '_load_id', '_loaded_at'] -%}
{%- set in_order = 'partition by subject_id, purpose order by decided_at asc, is_granted desc, event_id asc' %}

with events as (

    select
        {{ told | join(',\n        ') }},
        event_name,
        consent,
        is_sale_allowed
    from {{ ref('stg_collector__events') }}
    where event_id is not null

),

statements as (

    select
        {{ told | join(',\n        ') }},
        {{ unnest_json_booleans('consent', 'purpose', 'is_granted') }}
    from events
    where consent is not null
    {%- for purpose in var('consent_purposes') %}
        union all
        select
            {{ told | join(',\n            ') }},
            '{{ purpose }}' as purpose,
            false as is_granted
        from events
        where replace(consent, ' ', '') = '{}'
    {%- endfor %}
    union all
    select
        {{ told | join(',\n        ') }},
        'sale' as purpose,
        false as is_granted
    from events
    where not is_sale_allowed
    union all
    select
        {{ told | join(',\n        ') }},
        'email' as purpose,
        false as is_granted
    from events
    where event_name = 'Unsubscribed'

),

decisions as (

    select
        {{ person | join(',\n        ') }},
        source,
        occurred_at as decided_at,
        is_simulated,
        _load_id,
        _loaded_at,
        purpose,
        bool_and(is_granted) as is_granted,
        case
            when purpose = 'email' and email_token is not null then 'email:' || email_token
            when purpose = 'email' and customer_id is not null then 'customer:' || customer_id
            when anonymous_id is not null then 'device:' || anonymous_id
            else 'customer:' || customer_id
        end as subject_id
    from statements
    where is_granted is not null
    group by
        {{ told | join(',\n        ') }},
        purpose

),

named as (

    -- A device keeps the customer that it named last.
    select
        event_id,
        subject_id,
        anonymous_id,
        email_token,
        source,
        purpose,
        is_granted,
        decided_at,
        is_simulated,
        _load_id,
        _loaded_at,
        {{ last_known('customer_id', in_order) }} as customer_id
    from decisions

),

compared as (

    select
        *,
        lag(is_granted) over ({{ in_order }}) as was_granted,
        lag(customer_id) over ({{ in_order }}) as earlier_customer_id
    from named

)

select
    event_id || ':' || purpose as consent_id,
    subject_id,
    customer_id,
    anonymous_id,
    email_token,
    source,
    purpose,
    is_granted,
    decided_at,
    is_simulated,
    _load_id,
    _loaded_at
from compared
where is_granted is distinct from was_granted or customer_id is distinct from earlier_customer_id
