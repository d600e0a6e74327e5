{#- Every row that a rule rejects, and every line that could not be read, is in quarantine. -#}
{{ config(meta={'dagster': {'ref': {'name': 'rejected_rows'}}}) }}

with counts as (

    {%- for contract_table in judged_tables() %}
    select
        '{{ contract_table }}' as contract_table,
        (
            select count(*) from {{ ref('int_' ~ contract_table ~ '_checked') }} where reject_reason is not null
        ) as rejected_count,
        (
            select count(*) from {{ ref('stg_landing__rejected_lines') }} where contract_table = '{{ contract_table }}'
        ) as unread_count,
        (
            select count(*) from {{ ref('rejected_rows') }} where contract_table = '{{ contract_table }}'
        ) as quarantine_count
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

)

select *
from counts
where rejected_count + unread_count <> quarantine_count
