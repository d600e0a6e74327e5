{%- set rules = {
    'missing_id': 'event_id is null or (customer_id is null and anonymous_id is null)',
    'missing_time': 'occurred_at is null or received_at is null',
    'missing_type': 'event_type is null',
    'unknown_type': "event_type not in ('track', 'identify', 'page', 'screen', 'group', 'alias')",
    'missing_name': "event_type = 'track' and event_name is null",
    'before_earliest_date': "occurred_at < date '" ~ var('earliest_order_on') ~ "'",
    'after_load': 'occurred_at > _loaded_at',
} -%}

with staged as (

    {{ union_sources('events') }}

)

select
    *,
    {{ reject_reason(rules) }} as reject_reason
from staged
