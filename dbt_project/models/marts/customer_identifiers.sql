select
    identifier_id,
    kind,
    namespace,
    customer_id,
    owner_number,
    case when owner_number > 1 then owned_from_at end as owned_from_at,
    nullif(owned_until_at, timestamp '9999-12-31') as owned_until_at
from {{ ref('int_identifier_owners') }}
