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

{#-
    Whether one of the ids in columns was written by a spreadsheet in scientific notation (1.2E+11): it has lost its digits, and
    several may look the same.
-#}
{% macro is_damaged_id(columns) -%}
    {%- for column in columns -%}
    ({{ column }} like '%+%' and {{ dmp.matches_pattern(column, '(^|:)[0-9]([.,][0-9]+)?[eE][+][0-9]+(:|$)') }}){{ ' or ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- An id (see parse_id) to join by: null where it is damaged, so that it finds nothing. -#}
{% macro join_id(column, strip_zeros=false) -%}
    {%- set id = dmp.parse_id(column, strip_zeros) -%}
    case when not ({{ dmp.is_damaged_id([dmp.trimmed('cast(' ~ column ~ ' as string)')]) }}) then {{ id }} end
{%- endmacro %}

{#- The source's own id: the text after the namespace, which may have colons itself. -#}
{% macro source_id(column) -%}
    substring({{ column }}, position(':' in {{ column }}) + 1)
{%- endmacro %}
