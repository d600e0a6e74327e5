{#- Every staged row is accepted by the marts or rejected with a reason: staged = accepted + rejected. -#}
{{ config(meta={'dagster': {'ref': {'name': 'fct_order_lines'}}}) }}

{%- set accepted = {
    'customers': ref('dim_customers') ~ ' where has_demographics',
    'products': ref('dim_products') ~ ' where not is_inferred',
    'order_lines': ref('fct_order_lines'),
    'campaigns': ref('dim_campaigns'),
    'campaign_members': ref('fct_touches') ~ " where touch_type = 'membership'",
    'touches': ref('fct_touches') ~ " where touch_type <> 'membership' and event_id is null",
    'events': ref('fct_events'),
    'consents': ref('consents'),
} %}

with counts as (

    {%- for contract_table, accepted_rows in accepted.items() %}
    select
        '{{ contract_table }}' as contract_table,
        (select count(*) from ({{ union_sources(contract_table) }}) as staged) as staged_count,
        (select count(*) from {{ accepted_rows }}) as accepted_count,
        (
            select count(*) from {{ ref('int_' ~ contract_table ~ '_checked') }} where reject_reason is not null
        ) as rejected_count
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

)

select *
from counts
where staged_count <> accepted_count + rejected_count
