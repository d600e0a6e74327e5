{#- The layer's name is the schema's name (staging, marts, …), without dbt's prefix of the target schema. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ target.schema if custom_schema_name is none else custom_schema_name | trim }}
{%- endmacro %}
