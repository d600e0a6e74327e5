{%- set rules = {'missing_id': 'product_id is null', 'damaged_id': is_damaged_id(['product_id'])} -%}

with staged as (

    {{ union_sources('products') }}

)

select
    *,
    {{ reject_reason(rules) }} as reject_reason
from staged
