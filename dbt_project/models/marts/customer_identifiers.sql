select
    identifier_id,
    kind,
    namespace,
    customer_id,
    owner_number,
    owned_from_at,
    owned_until_at
from {{ ref('int_identifier_owners') }}
