{{ config(enabled='collector' in var('sources')) }}

select
    source,
    'collected_events' as contract_table,
    reason,
    row_json,
    _segment as _file,
    _line as _row,
    cast(_load_id as string) as _load_id,
    cast(_loaded_at as timestamp) as _loaded_at
from {{ source('collector', 'rejected_events') }}
