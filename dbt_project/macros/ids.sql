{#- Identifiers are text with the namespace of their source, so that ids of two sources never meet: 'cj:42'. -#}

{% macro namespaced_id(namespace, column) -%}
    '{{ namespace }}:' || cast({{ column }} as string)
{%- endmacro %}

{#- Id (text) that follows from the values of columns, for rows without one of their own: equal values have equal ids. -#}
{% macro hashed_id(namespace, columns) -%}
    {%- set texts = [] -%}
    {%- for column in columns -%}
        {%- do texts.append("coalesce(cast(" ~ column ~ " as string), '')") -%}
    {%- endfor -%}
    '{{ namespace }}:' || {{ dmp.text_hash(texts | join(" || '|' || ")) }}
{%- endmacro %}

{#- The source's own id: the text after the namespace, which may have colons itself. -#}
{% macro source_id(column) -%}
    substring({{ column }}, position(':' in {{ column }}) + 1)
{%- endmacro %}
