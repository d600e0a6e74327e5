{#- Columns of an order line that is judged: those of the contract table, what was found on the way, why it is rejected by itself. -#}
{% macro judged_columns() -%}
    {{ return(contract_columns('order_lines') + ['exchange_rate', 'ordered_at_local', 'row_reason']) }}
{%- endmacro %}
