with rejected as (

    {{ rejected_rows('customers', 'customer_id') }}
    union all
    {{ rejected_rows('products', 'product_id') }}
    union all
    {{ rejected_rows('order_lines', 'order_line_id') }}
    union all
    {{ rejected_rows('campaigns', 'campaign_id') }}
    union all
    {{ rejected_rows('campaign_members', 'campaign_member_id') }}
    union all
    {{ rejected_rows('touches', 'touch_id') }}
    union all
    {{ rejected_rows('events', 'event_id') }}
    union all
    {{ rejected_rows('consents', 'consent_id') }}

)

select
    source,
    contract_table,
    row_id,
    reason,
    row_json,
    _load_id,
    _loaded_at
from rejected
