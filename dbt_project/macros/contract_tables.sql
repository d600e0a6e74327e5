{#-
    The contract tables: what a source maps to, each column with its type. A source has one staging model
    stg_<source>__<contract table> for every contract table that it lists in var('sources'), with exactly these columns
    and those of the load.
-#}
{% macro contract_types(contract_table) -%}
    {%- set tables = {
        'customers': {
            'customer_id': 'string', 'source': 'string', 'age_band': 'string', 'income_band': 'string',
            'home_ownership': 'string', 'marital_status': 'string', 'household_size': 'string',
            'household_composition': 'string', 'kids_count': 'string',
        },
        'products': {
            'product_id': 'string', 'source': 'string', 'source_product_id': 'string', 'manufacturer_id': 'string',
            'department': 'string', 'product_category': 'string', 'product_type': 'string', 'brand': 'string',
            'is_private_label': 'boolean', 'package_size': 'string', 'is_recommendable': 'boolean',
        },
        'order_lines': {
            'order_line_id': 'string', 'order_id': 'string', 'customer_id': 'string', 'product_id': 'string',
            'store_id': 'string', 'source': 'string', 'ordered_at': 'timestamp', 'time_zone': 'string',
            'quantity': 'decimal(12, 3)', 'quantity_unit': 'string', 'currency': 'string', 'sales_amount': 'decimal(12, 2)',
            'loyalty_discount_amount': 'decimal(12, 2)',
            'coupon_match_discount_amount': 'decimal(12, 2)', 'coupon_discount_amount': 'decimal(12, 2)',
        },
        'promotions': {
            'product_id': 'string', 'store_id': 'string', 'week_start_on': 'date', 'source': 'string',
            'is_on_display': 'boolean', 'is_in_mailer': 'boolean',
        },
        'campaigns': {
            'campaign_id': 'string', 'source': 'string', 'campaign_type': 'string', 'start_on': 'date',
            'end_on': 'date',
        },
        'campaign_members': {
            'campaign_member_id': 'string', 'campaign_id': 'string', 'customer_id': 'string', 'source': 'string',
        },
        'coupon_products': {
            'coupon_id': 'string', 'product_id': 'string', 'campaign_id': 'string', 'source': 'string',
        },
        'touches': {
            'touch_id': 'string', 'customer_id': 'string', 'campaign_id': 'string', 'source': 'string',
            'touch_type': 'string', 'touched_on': 'date', 'coupon_id': 'string',
        },
        'events': {
            'event_id': 'string', 'source': 'string', 'event_type': 'string', 'event_name': 'string',
            'customer_id': 'string', 'anonymous_id': 'string', 'previous_id': 'string', 'email_token': 'string',
            'phone_token': 'string', 'occurred_at': 'timestamp', 'received_at': 'timestamp',
            'is_clock_corrected': 'boolean', 'channel': 'string', 'referrer_host': 'string', 'utm_source': 'string',
            'utm_medium': 'string', 'utm_campaign': 'string', 'utm_term': 'string', 'utm_content': 'string',
            'page_url': 'string', 'page_path': 'string', 'page_title': 'string', 'product_id': 'string',
            'order_id': 'string', 'coupon_id': 'string', 'campaign_id': 'string', 'quantity': 'decimal(12, 3)',
            'amount': 'decimal(12, 2)', 'currency': 'string', 'device_type': 'string', 'os_name': 'string',
            'locale': 'string', 'consent': 'string', 'is_sale_allowed': 'boolean', 'is_bot': 'boolean',
            'is_simulated': 'boolean', 'properties': 'string',
        },
        'consents': {
            'consent_id': 'string', 'subject_id': 'string', 'customer_id': 'string', 'anonymous_id': 'string',
            'email_token': 'string', 'source': 'string', 'purpose': 'string', 'is_granted': 'boolean',
            'decided_at': 'timestamp', 'is_simulated': 'boolean',
        },
    } -%}
    {%- if contract_table not in tables -%}
        {{ exceptions.raise_compiler_error(
            "'" ~ contract_table ~ "' is not a contract table; known are " ~ tables.keys() | join(', ')
        ) }}
    {%- endif -%}
    {%- set columns = tables[contract_table] -%}
    {%- do columns.update(load_columns()) -%}
    {{ return(columns) }}
{%- endmacro %}

{#- Where a staged row comes from: file, row, load. Columns of every contract table, with their types. -#}
{% macro load_columns() -%}
    {{ return({'_file': 'string', '_row': 'bigint', '_load_id': 'string', '_loaded_at': 'timestamp'}) }}
{%- endmacro %}

{#- Names of a contract table's columns. -#}
{% macro contract_columns(contract_table) -%}
    {{ return(contract_types(contract_table).keys() | list) }}
{%- endmacro %}

{#- Names of the sources that list a contract table in var('sources'). -#}
{% macro sources_with(contract_table) -%}
    {%- set names = [] -%}
    {%- for source, contract_tables in var('sources').items() if contract_table in contract_tables -%}
        {%- do names.append(source) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}

{#- Rows of one contract table from every source that lists it in var('sources'); no rows if none does. -#}
{% macro union_sources(contract_table) -%}
    {%- for source in sources_with(contract_table) %}
    select
        {{ contract_columns(contract_table) | join(',\n        ') }}
    from {{ ref('stg_' ~ source ~ '__' ~ contract_table) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- else %}
    select
        {%- for column, type in contract_types(contract_table).items() %}
        cast(null as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    where false
    {%- endfor %}
{%- endmacro %}
