{#-
    Values lie between bounds, both included. `ranges` maps a column to [least, greatest], where null leaves an end open.
    A null value passes. Returns the rows with a value outside.
-#}
{% test accepted_ranges(model, ranges) %}

select *
from {{ model }}
where
    {%- for column, bounds in ranges.items() %}
    {{ 'or ' if not loop.first }}not coalesce(
        {%- if bounds[0] is not none %}{{ column }} >= {{ bounds[0] }}{% endif %}
        {{- ' and ' if bounds[0] is not none and bounds[1] is not none }}
        {%- if bounds[1] is not none %}{{ column }} <= {{ bounds[1] }}{% endif -%}
        , true)
    {%- endfor %}

{% endtest %}
