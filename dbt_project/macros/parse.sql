{#- Text of a source as the values of a contract table; null where it is none, so that validation rejects the row. -#}

{#- Text without spaces around it; null where nothing is left. -#}
{% macro parse_text(column) -%}
    nullif(trim(cast({{ column }} as string)), '')
{%- endmacro %}

{#-
    Number with `decimal_mark` '.' or ','; the other mark is accepted only between groups of three digits. The column may
    also be a number already.
-#}
{% macro parse_decimal(column, precision, scale, decimal_mark='.') -%}
    {%- set text = 'trim(cast(' ~ column ~ ' as string))' -%}
    {%- set group_mark = ',' if decimal_mark == '.' else '.' -%}
    {%- set grouped = '^[+-]?[0-9]{1,3}([' ~ group_mark ~ '][0-9]{3})+([' ~ decimal_mark ~ '][0-9]*)?$' -%}
    {%- set plain = '^[+-]?[0-9]*([' ~ decimal_mark ~ '][0-9]*)?([eE][+-]?[0-9]+)?$' -%}
    {{ dmp.try_to_decimal(
        "case when " ~ dmp.matches_pattern(text, plain) ~ " then replace(" ~ text ~ ", '" ~ decimal_mark ~ "', '.') when "
        ~ dmp.matches_pattern(text, grouped) ~ " then replace(replace(" ~ text ~ ", '" ~ group_mark ~ "', ''), '"
        ~ decimal_mark ~ "', '.') end",
        precision, scale
    ) }}
{%- endmacro %}

{#- Amount of money of the type that all amounts have (var amount_type), rounded to its digits; see parse_decimal. -#}
{% macro parse_amount(column, decimal_mark='.') -%}
    {%- set digits = var('amount_type', 'decimal(12, 2)') | replace('decimal(', '') | replace(')', '') -%}
    {{ dmp.parse_decimal(column, digits.split(',')[0] | int, digits.split(',')[1] | int, decimal_mark) }}
{%- endmacro %}

{#- Yes or no in the words and digits of several languages. -#}
{% macro parse_boolean(column) -%}
    case
        when lower(trim(cast({{ column }} as string))) in ('true', 't', 'yes', 'y', '1', 'ja', 'oui', 'si', 'sí', '是') then true
        when lower(trim(cast({{ column }} as string))) in ('false', 'f', 'no', 'n', '0', 'nein', 'non', '否') then false
    end
{%- endmacro %}

{#-
    Wall time (timestamp) in a column. `format`: 'iso' for a timestamp or its ISO 8601 text, else as strptime has it, such as
    '%d.%m.%Y %H:%M'.
-#}
{% macro parse_wall_time(column, format='iso') -%}
    {%- if format == 'iso' -%}
        try_cast({{ column }} as timestamp)
    {%- else -%}
        {{ dmp.try_parse_timestamp('trim(cast(' ~ column ~ ' as string))', format) }}
    {%- endif -%}
{%- endmacro %}

{#-
    UTC timestamp of a column. `format`: 'offset' for times that tell their offset (ISO 8601), 'epoch' and 'epoch_ms' for
    seconds and milliseconds since 1970; with any other (see parse_wall_time) the time is the wall time in `time_zone`.
-#}
{% macro parse_time(column, format='iso', time_zone='UTC') -%}
    {%- if format == 'offset' -%}
        {{ dmp.try_offset_time_to_utc(column) }}
    {%- elif format in ('epoch', 'epoch_ms') -%}
        {{ dmp.epoch_to_utc('try_cast(' ~ column ~ ' as bigint)', 1000 if format == 'epoch' else 1) }}
    {%- else -%}
        {{ dmp.to_utc(dmp.parse_wall_time(column, format), time_zone) }}
    {%- endif -%}
{%- endmacro %}
