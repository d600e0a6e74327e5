{#-
    UTC timestamp of a column whose wall times are those of the time zone in another (text, one of var time_zones); see parse_time.
    In any other zone it is taken as UTC, and the row is rejected for its zone.
-#}
{% macro parse_time_by_zone(column, format, time_zone) -%}
    {%- if format in ('offset', 'epoch', 'epoch_ms', 'epoch_us') or not var('time_zones', []) -%}
    {{ dmp.parse_time(column, format) }}
    {%- else -%}
    case {{ time_zone }}
        {%- for zone in var('time_zones', []) %}
        when '{{ zone }}' then {{ dmp.parse_time(column, format, zone) }}
        {%- endfor %}
        else {{ dmp.parse_time(column, format) }}
    end
    {%- endif -%}
{%- endmacro %}
