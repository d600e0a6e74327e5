{#- Which source is believed first (1 and up) of those that tell of the same customer or product: the order of var sources. -#}
{% macro source_rank(source) -%}
    case {{ source }}
        {%- for name in var('sources') %}
        when '{{ name }}' then {{ loop.index }}
        {%- endfor %}
    end
{%- endmacro %}
