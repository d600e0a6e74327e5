{#- What could not even be read as a row: lines of files, and what was sent to the collector. -#}
{%- set refused = ['stg_landing__rejected_lines'] -%}
{%- if 'collector' in var('sources') -%}
    {%- do refused.append('stg_collector__rejected_events') -%}
{%- endif -%}
with rejected as (

    {%- for contract_table, row_id in judged_tables().items() %}
        {{ rejected_rows(contract_table, row_id) }}
        union all
    {%- endfor %}
    {%- for model in refused %}
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
        from {{ ref(model) }}
        {{ 'union all' if not loop.last }}
    {%- endfor %}

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
