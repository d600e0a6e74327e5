with staged as (

    {{ union_sources('customers') }}

)

select
    *,
    {{ reject_reason({'missing_id': 'customer_id is null'}) }} as reject_reason
from staged
