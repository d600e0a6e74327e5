{#- Every staged row is accepted by the marts or rejected with a reason; rows with one key are one. -#}
{{ config(meta={'dagster': {'ref': {'name': 'fct_order_lines'}}}) }}

{%- set accepted = {
    'customers': ('customer_id', ref('int_customers'), 'customer_id'),
    'products': ('product_id', ref('dim_products'), 'product_id'),
    'order_lines': ('order_line_id', ref('fct_order_lines'), 'order_line_id'),
    'campaigns': ('campaign_id', ref('dim_campaigns'), 'campaign_id'),
    'campaign_members': ('campaign_member_id', ref('fct_touches'), 'touch_id'),
    'touches': ('touch_id', ref('fct_touches'), 'touch_id'),
    'events': ('event_id', ref('fct_events'), 'event_id'),
    'consents': ('consent_id', ref('consents'), 'consent_id'),
} -%}

{%- for contract_table, (key, mart, mart_key) in accepted.items() %}
select
    '{{ contract_table }}' as contract_table,
    staged.row_key
from (
    select distinct {{ key }} as row_key
    from ({{ union_sources(contract_table) }}) as rows_of_sources
) as staged
left join {{ mart }} as accepted on staged.row_key = accepted.{{ mart_key }}
left join {{ ref('int_' ~ contract_table ~ '_checked') }} as rejected
    on rejected.reject_reason is not null and coalesce(staged.row_key, '') = coalesce(rejected.{{ key }}, '')
where accepted.{{ mart_key }} is null and rejected.reject_reason is null
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
