with staged as (

    {{ union_sources('products') }}

)

select
    *,
    {{ reject_reason({'missing_id': 'product_id is null'}) }} as reject_reason
from staged
