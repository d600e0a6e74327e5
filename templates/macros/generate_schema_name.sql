{#- The layer's name is the schema's name, as in the platform; dbt asks the project itself. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ dmp.generate_schema_name(custom_schema_name, node) }}
{%- endmacro %}
