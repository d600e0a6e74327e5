with decisions as (

    select * from {{ ref('int_consents_checked') }}
    where reject_reason is null

)

select
    consent_id,
    subject_id,
    customer_id,
    anonymous_id,
    email_token,
    source,
    purpose,
    is_granted,
    decided_at as valid_from,
    -- Of two decisions at one time the refusal comes last, so it counts.
    lead(decided_at) over (
        partition by subject_id, purpose
        order by decided_at asc, is_granted desc, consent_id asc
    ) as valid_to,
    is_simulated
from decisions
