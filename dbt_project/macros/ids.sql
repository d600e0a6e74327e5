{#- Identifiers are text with the namespace of their source, so that ids of two sources never meet: 'cj:42'. -#}

{% macro namespaced_id(namespace, column) -%}
    '{{ namespace }}:' || cast({{ column }} as string)
{%- endmacro %}

{#- The source's own id: the text after the namespace. -#}
{% macro source_id(column) -%}
    split_part({{ column }}, ':', 2)
{%- endmacro %}
