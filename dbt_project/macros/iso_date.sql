{#- The text of a date setting if it is a date written YYYY-MM-DD; else stops with what to change. -#}
{% macro iso_date(text, setting) -%}
    {%- if not modules.re.fullmatch('[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])', text) -%}
        {{ exceptions.raise_compiler_error(setting ~ " must be a date written YYYY-MM-DD, not '" ~ text ~ "'") }}
    {%- endif -%}
    {{ return(text) }}
{%- endmacro %}
