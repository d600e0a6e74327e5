{#- Of every contract table that a source brings, some rows are accepted. -#}
{{ config(meta={'dagster': {'ref': {'name': 'source_totals'}}}) }}

select
    source,
    contract_table,
    sum(row_count) as rejected_count,
    max(outcome) as last_reason
from {{ ref('source_totals') }}
group by source, contract_table
having sum(case when is_accepted then row_count else 0 end) = 0
