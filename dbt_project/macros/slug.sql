{#- A name as part of a column's name: lower case, underscores for everything else than letters and digits. -#}
{% macro slug(name) -%}
    {{ return(modules.re.sub('[^a-z0-9]+', '_', name | lower).strip('_')) }}
{%- endmacro %}
