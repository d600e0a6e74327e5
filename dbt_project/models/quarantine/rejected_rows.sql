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
    union all
    select
        source,
        contract_table,
        cast(null as string) as row_id,
        reason,
        row_json,
        _file,
        _row,
        _load_id,
        _loaded_at
    from {{ ref('stg_landing__rejected_lines') }}
    {%- if 'collector' in var('sources') %}
        union all
        select
            source,
            'collected_events' as contract_table,
            cast(null as string) as row_id,
            reason,
            row_json,
            _file,
            _row,
            _load_id,
            _loaded_at
        from {{ ref('stg_collector__rejected_events') }}
    {%- endif %}

)

select
    source,
    contract_table,
    row_id,
    reason,
    row_json,
    _file,
    _row,
    _load_id,
    _loaded_at
from rejected
