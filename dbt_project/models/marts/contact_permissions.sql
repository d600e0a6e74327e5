{#-
    The rule: within one identifier the newest decision counts, of two at one time the refusal. A refusal of any of the
    customer's identifiers wins over a permission of another; it wins for the purpose and for the channel alike. What
    nobody decided stays unknown, and the default of the purpose and of the channel holds (vars consent_purposes,
    contact_channels).

    Known is what was decided before the as-of date. Without a date (DMP_AS_OF) that is everything: a refusal holds
    although nobody has ordered since.
-#}
{%- set person = ['subject_id', 'customer_id', 'source'] -%}
{%- set statement = [
    'consent_id', 'subject_id', 'source', 'word', 'reason', 'is_granted', 'is_machine', 'valid_from',
] -%}
{%- set dated = "cast(" ~ to_local_time('known_at', var('event_time_zone')) ~ " as date)"
    ~ " < (select as_of.as_of_on from as_of)" if env_var('DMP_AS_OF', '') else 'true' -%}
{%- set bounce_type = 'lower(' ~ json_text('properties', 'bounce_type') ~ ')' -%}
{%- set refusals_first = "order by is_granted asc, case when not is_granted then valid_from end asc, valid_from desc,"
    ~ " consent_id asc" %}

with as_of as (

    select as_of_on from {{ ref('int_as_of') }}

),

decisions as (

    select
        {{ person | join(', ') }},
        consent_id,
        purpose as word,
        is_granted,
        is_machine,
        valid_from
    from {{ ref('consents') }}
    where {{ dated | replace('known_at', 'valid_from') }}

),

events as (

    select
        event_id,
        event_name,
        customer_id,
        email_token,
        source,
        occurred_at,
        properties
    from {{ ref('fct_events') }}
    where {{ dated | replace('known_at', 'occurred_at') }}

),

bounces as (

    -- An address is out of reach from a bounce until something is delivered again; a soft bounce is no sign.
    select
        coalesce('email:' || email_token, 'customer:' || customer_id) as subject_id,
        customer_id,
        source,
        event_id as consent_id,
        'email' as word,
        event_name <> 'Email Bounced' as is_granted,
        false as is_machine,
        occurred_at as valid_from
    from events
    where
        event_name in ('Email Bounced', 'Email Delivered', 'Email Opened', 'Email Link Clicked')
        and coalesce(email_token, customer_id) is not null
        and not (event_name = 'Email Bounced' and coalesce({{ bounce_type }}, '') in ('soft', 'transient'))

),

statements as (

    select
        *,
        word || case when is_granted then ' granted' else ' refused' end as reason
    from decisions
    union all
    -- Who refuses the sale refuses that advertisers learn of them.
    select
        {{ person | join(', ') }},
        consent_id,
        'ads' as word,
        is_granted,
        is_machine,
        valid_from,
        'sale refused' as reason
    from decisions
    where word = 'sale'
    union all
    select
        *,
        'email bounced' as reason
    from bounces

),

named as (

    select
        identifier_id as subject_id,
        other_identifier_id as identifier_id
    from {{ source('identity', 'links') }}
    where status <> 'rejected' and {{ dated | replace('known_at', 'first_seen_at') }}
    union
    select
        other_identifier_id as subject_id,
        identifier_id
    from {{ source('identity', 'links') }}
    where status <> 'rejected' and {{ dated | replace('known_at', 'first_seen_at') }}

),

addresses as (

    select distinct
        named.subject_id,
        owners.customer_id
    from named
    inner join {{ ref('int_identifier_owners') }} as owners
        on named.identifier_id = owners.identifier_id and owners.kind = 'customer'
    where named.subject_id like 'email:%' or named.subject_id like 'phone:%'

),

owned as (

    -- What a device says is said by whoever has it; what an address says holds for everyone who was seen with it.
    select
        {%- for column in statement %}
            {{ column }},
        {%- endfor %}
        customer_id
    from statements
    union
    select
        {%- for column in statement %}
            statements.{{ column }},
        {%- endfor %}
        addresses.customer_id
    from statements
    inner join addresses on statements.subject_id = addresses.subject_id

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id, subject_id, word, reason in ('email bounced', 'sale refused')
            order by valid_from desc, is_granted asc, consent_id asc
        ) as age_rank
    from owned
    where customer_id is not null

),

current_statements as (

    -- What is delivered, and that data may be sold, is no permission.
    select *
    from ranked
    where age_rank = 1 and not (is_granted and reason in ('email bounced', 'sale refused'))

),

weighed as (

    select
        *,
        row_number() over (partition by customer_id, word {{ refusals_first }}) as weight_rank
    from current_statements

),

answers as (

    select * from weighed
    where weight_rank = 1

),

customers as (

    select customer_id from {{ ref('dim_customers') }}
    union
    select customer_id from answers

),

pairs as (

    {{ permission_pairs() }}

),

asked as (

    select
        customers.customer_id,
        pairs.purpose,
        pairs.channel,
        pairs.is_purpose_allowed_if_unknown,
        pairs.is_channel_allowed_if_unknown,
        coalesce(of_purpose.is_granted, pairs.is_purpose_allowed_if_unknown)
        and coalesce(of_channel.is_granted, pairs.is_channel_allowed_if_unknown) as is_allowed,
        -- Of two refusals the older counts, of two permissions the younger: both are needed.
        case
            when of_channel.consent_id is null then true
            when of_purpose.consent_id is null then false
            when of_purpose.is_granted <> of_channel.is_granted then not of_purpose.is_granted
            when of_purpose.is_granted then of_purpose.valid_from >= of_channel.valid_from
            else of_purpose.valid_from <= of_channel.valid_from
        end as is_decided_by_purpose,
        of_purpose.is_granted as is_purpose_granted,
        of_channel.is_granted as is_channel_granted
    from customers
    cross join pairs
    left join answers as of_purpose
        on customers.customer_id = of_purpose.customer_id and pairs.purpose = of_purpose.word
    left join answers as of_channel
        on customers.customer_id = of_channel.customer_id and pairs.channel = of_channel.word

),

judged as (

    select
        *,
        case
            when not coalesce(is_purpose_granted, true) or not coalesce(is_channel_granted, true) then 'refused'
            when is_allowed and coalesce(is_purpose_granted, is_channel_granted) is not null then 'granted'
            else 'unknown'
        end as state
    from asked

),

decided as (

    select
        *,
        case when state = 'unknown' then null when is_decided_by_purpose then purpose else channel end as decisive_word
    from judged

)

select
    decided.customer_id,
    decided.purpose,
    decided.channel,
    decided.is_allowed,
    decided.state,
    decisive.valid_from as decided_at,
    case
        when decided.state <> 'unknown' then decisive.reason
        when decided.is_allowed then 'no decision, allowed until refused'
        when coalesce(decided.is_purpose_granted, decided.is_purpose_allowed_if_unknown)
            then decided.channel || ' not decided, refused until granted'
        else decided.purpose || ' not decided, refused until granted'
    end as reason,
    coalesce(decisive.is_machine, false) as is_machine,
    decisive.subject_id,
    decisive.source,
    decisive.consent_id,
    as_of.as_of_on
from decided
left join answers as decisive
    on decided.customer_id = decisive.customer_id and decided.decisive_word = decisive.word
cross join as_of
