{#- At most one row of a source in a hundred is rejected; more is news, and no reason to stop. -#}
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'source_totals'}}}) }}

select
    source,
    contract_table,
    sum(case when is_accepted then 0 else row_count end) as rejected_count,
    sum(row_count) as row_count
from {{ ref('source_totals') }}
group by source, contract_table
having sum(case when is_accepted then 0 else row_count end) > 0.01 * sum(row_count)
