{#-
    Decisions are told by events: each names what is allowed at that moment, so a decision is where that changes.
    A global privacy control (Sec-GPC) refuses the purpose sale, an event of var refusing_events its channel, an empty map
    every purpose of var consent_purposes. If one event says both yes and no for a purpose, no counts; unless its categories
    are resolved by `or`. What the words mean is in macros/consent_words.sql.
-#}
{{ config(enabled='collector' in var('sources')) }}

{%- set person = ['event_id', 'customer_id', 'anonymous_id', 'email_token', 'phone_token'] -%}
{%- set told = person + ['source', 'occurred_at', 'is_simulated', '_file', '_row', '_load_id', '_loaded_at'] -%}
{%- set is_empty = "replace(consent, ' ', '') = '{}'" -%}
{%- set of_device = 'over (partition by anonymous_id order by occurred_at, event_id)' -%}
{%- set in_order = 'partition by subject_id, purpose order by decided_at asc, is_granted desc, event_id asc' %}

with telling as (

    select
        {{ told | join(',\n        ') }},
        {{ refused_channel('event_name') }} as refused_channel,
        consent,
        {{ consent_word('consent') }} as plain_consent,
        {{ is_empty }} as is_empty,
        is_any_consent_enough,
        is_sale_allowed,
        lag(is_sale_allowed) {{ of_device }} as was_sale_allowed,
        lag(consent) {{ of_device }} as earlier_consent,
        lag(customer_id) {{ of_device }} as earlier_customer_id
    from {{ ref('stg_collector__events') }}
    where
        event_id is not null
        and (consent is not null or not is_sale_allowed or {{ refused_channel('event_name') }} is not null)

),

events as (

    -- Nearly all events repeat what their device told before. A statement on e-mails or calls is of an address or a
    -- customer, who may have told otherwise on another device.
    select *
    from telling
    where
        anonymous_id is null
        or was_sale_allowed is null
        or refused_channel is not null
        or coalesce(is_empty or {{ speaks_of_addresses('plain_consent') }}, false)
        or is_sale_allowed <> was_sale_allowed
        or consent is distinct from earlier_consent
        or customer_id is distinct from earlier_customer_id

),

choices as (

    select
        {{ told | join(',\n        ') }},
        is_any_consent_enough,
        {{ unnest_json_booleans('consent', 'category', 'is_chosen') }}
    from events
    where consent is not null

),

purposes as (

    {{ every_purpose() }}

),

statements as (

    select
        {{ told | join(',\n        ') }},
        is_any_consent_enough,
        meaning as purpose,
        is_chosen <> is_opposite as is_granted
    from ({{ translated('choices', 'category') }}) as translated_choices
    union all
    select
        events.{{ told | join(',\n        events.') }},
        false as is_any_consent_enough,
        purposes.purpose,
        false as is_granted
    from events
    cross join purposes
    where events.is_empty
    union all
    select
        {{ told | join(',\n        ') }},
        false as is_any_consent_enough,
        'sale' as purpose,
        false as is_granted
    from events
    where not is_sale_allowed
    union all
    select
        {{ told | join(',\n        ') }},
        false as is_any_consent_enough,
        refused_channel as purpose,
        false as is_granted
    from events
    where refused_channel is not null

),

decisions as (

    select
        {{ person | join(',\n        ') }},
        source,
        occurred_at as decided_at,
        is_simulated,
        _file,
        _row,
        _load_id,
        _loaded_at,
        purpose,
        bool_and(is_granted or is_any_consent_enough) and bool_or(is_granted) as is_granted,
        case
            when purpose = 'email' and email_token is not null then 'email:' || email_token
            when purpose in ('sms', 'phone') and phone_token is not null then 'phone:' || phone_token
            when {{ has_address('purpose') }} and customer_id is not null then 'customer:' || customer_id
            when anonymous_id is not null then 'device:' || anonymous_id
            when email_token is not null then 'email:' || email_token
            else 'customer:' || customer_id
        end as subject_id
    from statements
    where is_granted is not null and purpose is not null
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
        _file,
        _row,
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
    -- No colon of the purpose's own: two decisions never share an id.
    event_id || ':' || replace(replace(purpose, '%', '%25'), ':', '%3A') as consent_id,
    subject_id,
    customer_id,
    anonymous_id,
    email_token,
    source,
    purpose,
    is_granted,
    decided_at,
    is_simulated,
    _file,
    _row,
    _load_id,
    _loaded_at
from compared
where is_granted is distinct from was_granted or customer_id is distinct from earlier_customer_id
