select
    source,
    contract_table,
    reason,
    {{ row_to_json({'line': 'string'}) }} as row_json,
    _file,
    _row,
    cast(_load_id as string) as _load_id,
    cast(_loaded_at as timestamp) as _loaded_at
from {{ source('landing', 'rejected_lines') }}
