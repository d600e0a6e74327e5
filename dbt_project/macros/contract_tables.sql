{#-
    The contract tables: what a source maps to. Each source has one staging model per contract table with exactly these
    columns; their types are enforced by the contract of the staging model.
-#}
{% macro contract_columns(contract_table) -%}
    {%- set columns = {
        'customers': [
            'customer_id', 'source', 'age_band', 'income_band', 'home_ownership', 'marital_status', 'household_size',
            'household_composition', 'kids_count',
        ],
        'products': [
            'product_id', 'source', 'source_product_id', 'manufacturer_id', 'department', 'product_category',
            'product_type', 'brand', 'is_private_label', 'package_size',
        ],
        'order_lines': [
            'order_line_id', 'order_id', 'customer_id', 'product_id', 'store_id', 'source', 'ordered_at', 'quantity',
            'currency', 'sales_amount', 'loyalty_discount_amount', 'coupon_match_discount_amount',
            'coupon_discount_amount',
        ],
        'campaigns': ['campaign_id', 'source', 'campaign_type', 'start_on', 'end_on'],
        'campaign_members': ['campaign_member_id', 'campaign_id', 'customer_id', 'source'],
        'touches': [
            'touch_id', 'customer_id', 'campaign_id', 'source', 'touch_type', 'touched_on', 'coupon_id',
        ],
    } -%}
    {%- if contract_table not in columns -%}
        {{ exceptions.raise_compiler_error(
            "'" ~ contract_table ~ "' is not a contract table; known are " ~ columns.keys() | join(', ')
        ) }}
    {%- endif -%}
    {{ return(columns[contract_table] + ['_load_id', '_loaded_at']) }}
{%- endmacro %}

{#- Rows of one contract table from every source listed in var('sources'). -#}
{% macro union_sources(contract_table) -%}
    {%- for source in var('sources') %}
    select
        {{ contract_columns(contract_table) | join(',\n        ') }}
    from {{ ref('stg_' ~ source ~ '__' ~ contract_table) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}
