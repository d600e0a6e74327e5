{#- Hash of the named columns of many rows (decimal): a sum, so it does not depend on the order of the rows. -#}
{% macro content_hash(columns) -%}
    sum(cast({{ row_hash(columns) }} as decimal(38, 0)))
{%- endmacro %}
