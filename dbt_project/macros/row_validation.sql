{#-
    Row validation: every staged row is either accepted or sent to quarantine with one named reason.
    `rules` maps a reason to the SQL condition under which a row is rejected; the first that holds is the reason,
    null means accepted. A condition that is unknown (null) does not reject: rules for missing values come first.
-#}
{% macro reject_reason(rules) -%}
    case
        {%- for reason, condition in rules.items() %}
        when {{ condition }} then '{{ reason }}'
        {%- endfor %}
    end
{%- endmacro %}

{#- Contract tables whose rows are judged, in int_<contract table>_checked, with the column that names a row. -#}
{% macro judged_tables() -%}
    {{ return({
        'customers': 'customer_id',
        'products': 'product_id',
        'order_lines': 'order_line_id',
        'campaigns': 'campaign_id',
        'campaign_members': 'campaign_member_id',
        'touches': 'touch_id',
        'events': 'event_id',
        'consents': 'consent_id',
    }) }}
{%- endmacro %}

{#- The rejected rows of one contract table in the shape of quarantine.rejected_rows. -#}
{% macro rejected_rows(contract_table, id_column) -%}
    {%- set types = contract_types(contract_table) -%}
    {%- for column in load_columns() -%}
        {%- do types.pop(column) -%}
    {%- endfor -%}
    select
        source,
        '{{ contract_table }}' as contract_table,
        {{ id_column }} as row_id,
        reject_reason as reason,
        {{ row_to_json(types) }} as row_json,
        _file,
        _row,
        _load_id,
        _loaded_at
    from {{ ref('int_' ~ contract_table ~ '_checked') }}
    where reject_reason is not null
{%- endmacro %}
