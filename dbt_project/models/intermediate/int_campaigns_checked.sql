{%- set rules = {
    'missing_id': 'campaign_id is null',
    'damaged_id': is_damaged_id(['campaign_id']),
    'missing_date': 'start_on is null or end_on is null',
    'end_before_start': 'end_on < start_on',
} -%}

with staged as (

    {{ union_sources('campaigns') }}

)

select
    *,
    {{ reject_reason(rules) }} as reject_reason
from staged
