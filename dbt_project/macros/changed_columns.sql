{#- A select list of columns, some of them changed: `changes` maps their names to SQL. -#}
{% macro changed_columns(columns, changes) -%}
    {%- for column in columns %}
        {{ changes[column] ~ ' as ' ~ column if column in changes else column }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
