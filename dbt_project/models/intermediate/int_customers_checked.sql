{%- set rules = {'missing_id': 'customer_id is null', 'damaged_id': is_damaged_id(['customer_id'])} -%}

with staged as (

    {{ union_sources('customers') }}

)

select
    *,
    {{ reject_reason(rules) }} as reject_reason
from staged
