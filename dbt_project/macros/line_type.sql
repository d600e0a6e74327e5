{#- Type of an order line by texts that name its product: a fee if one is among var fee_words; null leaves it to the signs. -#}
{% macro line_type_by_words(texts) -%}
    {%- set words = [] -%}
    {%- for word in var('fee_words', {}).values() | sum(start=[]) -%}
        {%- do words.append("'" ~ word | lower | replace("'", "''") ~ "'") -%}
    {%- endfor -%}
    {%- if words and texts -%}
    case when {% for text in texts %}lower({{ text }}) in ({{ words | join(', ') }}){{ ' or ' if not loop.last }}{% endfor %} then 'fee' end
    {%- else -%}
    cast(null as string)
    {%- endif -%}
{%- endmacro %}
