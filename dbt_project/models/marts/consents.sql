with decisions as (

    select * from {{ ref('int_consents_checked') }}
    where reject_reason is null

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
        customer_id,
        anonymous_id,
        email_token,
        source,
        meaning as purpose,
        is_known,
        is_granted <> is_opposite as is_granted,
        decided_at,
        is_simulated
    from translated

)

select
    consent_id,
    subject_id,
    customer_id,
    anonymous_id,
    email_token,
    source,
    purpose,
    is_known,
    is_granted,
    decided_at as valid_from,
    -- Of two decisions at one time the refusal comes last, so it counts.
    lead(decided_at) over (
        partition by subject_id, purpose
        order by decided_at asc, is_granted desc, consent_id asc
    ) as valid_to,
    is_simulated
from meant
