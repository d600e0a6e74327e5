{%- set identifiers = {'customer': 'meant.source_customer_id', 'subject': 'meant.subject_id'} %}

with decisions as (

    select * from {{ ref('int_consents_checked') }}
    where reject_reason is null

),

machines as (

    select distinct event_id from {{ ref('machine_contacts') }}

),

translated as (

    {{ translated('decisions', 'purpose') }}

),

meant as (

    select
        -- A word with several meanings is as many decisions; the first keeps the id.
        consent_id
        || case
            when row_number() over (partition by consent_id order by meaning) > 1 then ':' || meaning
            else ''
        end as consent_id,
        -- A file names the customer, as an event does that comes from no device.
        case when subject_id = customer_id then 'customer:' || customer_id else subject_id end as subject_id,
        customer_id as source_customer_id,
        anonymous_id,
        email_token,
        source,
        meaning as purpose,
        is_known,
        is_granted <> is_opposite as is_granted,
        -- Of an event's decision the id is the event's with the category behind it.
        {{ extract_pattern('consent_id', '^(.*):[^:]*$', 1) }} as event_id,
        decided_at,
        is_simulated
    from translated

)

select
    meant.consent_id,
    meant.subject_id,
    {{ owner(identifiers) }} as customer_id,
    meant.source_customer_id,
    meant.anonymous_id,
    meant.email_token,
    meant.source,
    meant.purpose,
    meant.is_known,
    meant.is_granted,
    machines.event_id is not null as is_machine,
    meant.decided_at as valid_from,
    -- Of two decisions at one time the refusal comes last, so it counts.
    lead(meant.decided_at) over (
        partition by meant.subject_id, meant.purpose
        order by meant.decided_at asc, meant.is_granted desc, meant.consent_id asc
    ) as valid_to,
    meant.is_simulated
from meant
left join machines on meant.event_id = machines.event_id
{{- owner_joins(identifiers, 'meant.decided_at') }}
