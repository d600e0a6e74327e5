{#-
    Every difference between SQL dialects, and nothing else. default__ is ANSI as DuckDB speaks it, spark__ where Spark
    differs. Elsewhere the models use what both understand: `string` for text, no backslash in a pattern, no `qualify`.
    A macro that a user's project calls finds other macros by their package, `dmp`.
-#}

{#- Store-local wall time (timestamp) of a UTC timestamp. -#}
{% macro to_local_time(utc_timestamp, time_zone) -%}
    {{ return(adapter.dispatch('to_local_time', 'dmp')(utc_timestamp, time_zone)) }}
{%- endmacro %}

{% macro default__to_local_time(utc_timestamp, time_zone) -%}
    {%- if time_zone == 'UTC' -%}
    {{ utc_timestamp }}
    {%- else -%}
    timezone('{{ time_zone }}', timezone('UTC', {{ utc_timestamp }}))
    {%- endif -%}
{%- endmacro %}

{% macro spark__to_local_time(utc_timestamp, time_zone) -%}
    from_utc_timestamp({{ utc_timestamp }}, '{{ time_zone }}')
{%- endmacro %}

{#- UTC timestamp of the wall time in a time zone. -#}
{% macro to_utc(wall_time, time_zone) -%}
    {{ return(adapter.dispatch('to_utc', 'dmp')(wall_time, time_zone)) }}
{%- endmacro %}

{% macro default__to_utc(wall_time, time_zone) -%}
    {%- if time_zone == 'UTC' -%}
    {{ wall_time }}
    {%- else -%}
    timezone('UTC', timezone('{{ time_zone }}', {{ wall_time }}))
    {%- endif -%}
{%- endmacro %}

{#- Of a wall time that comes twice Spark takes the first. -#}
{% macro spark__to_utc(wall_time, time_zone) -%}
    {%- set first = "to_utc_timestamp(" ~ wall_time ~ ", '" ~ time_zone ~ "')" -%}
    {%- set second = first ~ ' + interval 1 hour' -%}
    case when from_utc_timestamp({{ second }}, '{{ time_zone }}') = {{ wall_time }} then {{ second }} else {{ first }} end
{%- endmacro %}

{#- UTC timestamp of a text with an offset (see offset_text), or of a timestamp with time zone; null where it is none. -#}
{% macro try_offset_time_to_utc(text) -%}
    {{ return(adapter.dispatch('try_offset_time_to_utc', 'dmp')(text)) }}
{%- endmacro %}

{% macro default__try_offset_time_to_utc(text) -%}
    {%- set offset_text = dmp.offset_text(text) -%}
    timezone('UTC', coalesce(
        -- Short names of zones (PST) are offsets, where DuckDB would ask for daylight saving time.
        case when cast({{ text }} as string) not like '%T' then try_cast({{ text }} as timestamptz) end,
        try_cast({{ offset_text }} as timestamptz),
        try_strptime({{ offset_text }}, ['%d %b %Y %H:%M:%S%z', '%b %d %Y %H:%M:%S%z'])
    ))
{%- endmacro %}

{% macro spark__try_offset_time_to_utc(text) -%}
    {%- set offset_text = dmp.offset_text(text) -%}
    coalesce(
        try_cast({{ offset_text }} as timestamp),
        try_to_timestamp({{ offset_text }}, 'd MMM yyyy HH:mm:ssXXX'),
        try_to_timestamp({{ offset_text }}, 'MMM d yyyy HH:mm:ssXXX')
    )
{%- endmacro %}

{#- UTC timestamp of a count since 1970 (decimal); `microseconds` is how many one of it has. -#}
{% macro epoch_to_utc(count, microseconds) -%}
    {{ return(adapter.dispatch('epoch_to_utc', 'dmp')(count, microseconds)) }}
{%- endmacro %}

{% macro default__epoch_to_utc(count, microseconds) -%}
    make_timestamp(try_cast({{ count }} * {{ microseconds }} as bigint))
{%- endmacro %}

{% macro spark__epoch_to_utc(count, microseconds) -%}
    timestamp_micros(try_cast({{ count }} * {{ microseconds }} as bigint))
{%- endmacro %}

{#- UTC timestamp of a text in a format as strptime has it with an offset (%z); null where the text is none. -#}
{% macro try_parse_offset_time(text, format) -%}
    {{ return(adapter.dispatch('try_parse_offset_time', 'dmp')(text, format)) }}
{%- endmacro %}

{% macro default__try_parse_offset_time(text, format) -%}
    timezone('UTC', try_strptime({{ text }}, '{{ format }}'))
{%- endmacro %}

{% macro spark__try_parse_offset_time(text, format) -%}
    {{ spark__try_parse_timestamp(text, format) }}
{%- endmacro %}

{#- Timestamp of a text in a format as strptime has it; null where the text is none. -#}
{% macro try_parse_timestamp(text, format) -%}
    {{ return(adapter.dispatch('try_parse_timestamp', 'dmp')(text, format)) }}
{%- endmacro %}

{% macro default__try_parse_timestamp(text, format) -%}
    try_strptime({{ text }}, '{{ format }}')
{%- endmacro %}

{% macro spark__try_parse_timestamp(text, format) -%}
    {%- set letters = {
        '%Y': 'yyyy', '%m': 'M', '%d': 'd', '%H': 'H', '%M': 'm', '%S': 's', '%y': 'yy', '%I': 'h', '%p': 'a', '%b': 'MMM', '%B': 'MMMM',
        '%a': 'E', '%z': 'xx', '%f': 'S',
    } -%}
    {%- set pattern = namespace(text=format) -%}
    {%- for letter, java in letters.items() -%}
        {%- set pattern.text = pattern.text | replace(letter, java) -%}
    {%- endfor -%}
    try_to_timestamp({{ text }}, '{{ pattern.text }}')
{%- endmacro %}

{#- Whole days from one date to a later one (integer). -#}
{% macro days_between(from_date, to_date) -%}
    {{ return(adapter.dispatch('days_between', 'dmp')(from_date, to_date)) }}
{%- endmacro %}

{% macro default__days_between(from_date, to_date) -%}
    cast({{ to_date }} - {{ from_date }} as integer)
{%- endmacro %}

{% macro spark__days_between(from_date, to_date) -%}
    datediff({{ to_date }}, {{ from_date }})
{%- endmacro %}

{#- A date moved by a whole number of days (date). -#}
{% macro add_days(date, days) -%}
    {{ return(adapter.dispatch('add_days', 'dmp')(date, days)) }}
{%- endmacro %}

{% macro default__add_days(date, days) -%}
    {{ date }} + cast({{ days }} as integer)
{%- endmacro %}

{% macro spark__add_days(date, days) -%}
    date_add({{ date }}, cast({{ days }} as int))
{%- endmacro %}

{#- Monday of the week of a date (date). -#}
{% macro week_start(date) -%}
    cast(date_trunc('week', {{ date }}) as date)
{%- endmacro %}

{#- Weekday of a date: 1 Monday to 7 Sunday (integer). -#}
{% macro iso_weekday(date) -%}
    {{ return(adapter.dispatch('iso_weekday', 'dmp')(date)) }}
{%- endmacro %}

{% macro default__iso_weekday(date) -%}
    cast(isodow({{ date }}) as integer)
{%- endmacro %}

{% macro spark__iso_weekday(date) -%}
    weekday({{ date }}) + 1
{%- endmacro %}

{#- One row every so many days from one date to another, both included: a select list expression (date). -#}
{% macro unnest_dates(first_date, last_date, days) -%}
    {{ return(adapter.dispatch('unnest_dates', 'dmp')(first_date, last_date, days)) }}
{%- endmacro %}

{% macro default__unnest_dates(first_date, last_date, days) -%}
    cast(unnest(generate_series({{ first_date }}, {{ last_date }}, interval {{ days }} day)) as date)
{%- endmacro %}

{% macro spark__unnest_dates(first_date, last_date, days) -%}
    explode(sequence({{ first_date }}, {{ last_date }}, interval {{ days }} day))
{%- endmacro %}

{#- Whole milliseconds from one timestamp to a later one (bigint). -#}
{% macro milliseconds_between(from_at, to_at) -%}
    {{ return(adapter.dispatch('milliseconds_between', 'dmp')(from_at, to_at)) }}
{%- endmacro %}

{% macro default__milliseconds_between(from_at, to_at) -%}
    date_sub('millisecond', {{ from_at }}, {{ to_at }})
{%- endmacro %}

{% macro spark__milliseconds_between(from_at, to_at) -%}
    timestampdiff(millisecond, {{ from_at }}, {{ to_at }})
{%- endmacro %}

{#- A text without blanks around it, no-break, narrow and wide ones too. -#}
{% macro trimmed(text) -%}
    {{ return(adapter.dispatch('trimmed', 'dmp')(text)) }}
{%- endmacro %}

{#- DuckDB knows them all; with a list of characters it would take a hundred times as long. -#}
{% macro default__trimmed(text) -%}
    trim({{ text }})
{%- endmacro %}

{% macro spark__trimmed(text) -%}
    trim(both '{{ " \u00a0\u2002\u2003\u2007\u2009\u202f\u3000" }}' from {{ text }})
{%- endmacro %}

{#- A text with every match of a pattern replaced; `$1` in the replacement is the pattern's first group. -#}
{% macro replace_pattern(text, pattern, replacement) -%}
    {{ return(adapter.dispatch('replace_pattern', 'dmp')(text, pattern, replacement)) }}
{%- endmacro %}

{% macro default__replace_pattern(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement | replace("$", "\\") }}', 'g')
{%- endmacro %}

{% macro spark__replace_pattern(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}')
{%- endmacro %}

{#- Whether a pattern is found in a text (boolean). -#}
{% macro matches_pattern(text, pattern) -%}
    {{ return(adapter.dispatch('matches_pattern', 'dmp')(text, pattern)) }}
{%- endmacro %}

{% macro default__matches_pattern(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}

{% macro spark__matches_pattern(text, pattern) -%}
    regexp_like({{ text }}, '{{ pattern | replace("''", "\\'") }}')
{%- endmacro %}

{#- A group of a pattern's first match in a text; null where it is not found or empty. -#}
{% macro extract_pattern(text, pattern, group) -%}
    nullif(regexp_extract({{ text }}, '{{ pattern }}', {{ group }}), '')
{%- endmacro %}

{#- A part of a URL with its percent signs and plus signs decoded; null where that gives no UTF-8. -#}
{% macro decode_url(text) -%}
    {{ return(adapter.dispatch('decode_url', 'dmp')(text)) }}
{%- endmacro %}

{% macro default__decode_url(text) -%}
    try(url_decode(replace({{ text }}, '+', ' ')))
{%- endmacro %}

{#- A percent sign that encodes nothing stands for itself; what is no UTF-8 decodes to U+FFFD. -#}
{% macro spark__decode_url(text) -%}
    {%- set decoded = 'try_url_decode(' ~ replace_pattern(text, '%(?![0-9A-Fa-f]{2})', '%25') ~ ')' -%}
    case when not contains({{ decoded }}, decode(unhex('EFBFBD'), 'utf-8')) then {{ decoded }} end
{%- endmacro %}

{#- Value at a path ('page.url') of a JSON object (text): text as it is, anything else as JSON; null, empty, none: null. -#}
{% macro json_text(json, path) -%}
    {{ return(adapter.dispatch('json_text', 'dmp')(json, path)) }}
{%- endmacro %}

{% macro default__json_text(json, path) -%}
    nullif(trim(json_extract_string({{ json }}, '$.{{ path }}')), '')
{%- endmacro %}

{% macro spark__json_text(json, path) -%}
    nullif(trim(get_json_object({{ json }}, '$.{{ path }}')), '')
{%- endmacro %}

{#-
    One row per key of a JSON object of booleans (text): two columns of a select list, which it names. A value that is no
    boolean is null and takes no other with it.
-#}
{% macro unnest_json_booleans(json, key, value) -%}
    {{ return(adapter.dispatch('unnest_json_booleans', 'dmp')(json, key, value)) }}
{%- endmacro %}

{% macro default__unnest_json_booleans(json, key, value) -%}
    unnest(map_keys(from_json({{ json }}, '"MAP(VARCHAR,BOOLEAN)"'))) as {{ key }},
    unnest(map_values(from_json({{ json }}, '"MAP(VARCHAR,BOOLEAN)"'))) as {{ value }}
{%- endmacro %}

{% macro spark__unnest_json_booleans(json, key, value) -%}
    explode(
        transform_values(from_json({{ json }}, 'map<string,string>'), (name, text) -> try_cast(text as boolean))
    ) as ({{ key }}, {{ value }})
{%- endmacro %}

{#- Last value of a column that is not null, in the rows of a window up to the present one. -#}
{% macro last_known(column, window) -%}
    {{ return(adapter.dispatch('last_known', 'dmp')(column, window)) }}
{%- endmacro %}

{% macro default__last_known(column, window) -%}
    last_value({{ column }} ignore nulls) over ({{ window }} rows between unbounded preceding and current row)
{%- endmacro %}

{% macro spark__last_known(column, window) -%}
    last_value({{ column }}) ignore nulls over ({{ window }} rows between unbounded preceding and current row)
{%- endmacro %}

{#- A text as a literal. -#}
{% macro text_literal(text) -%}
    {{ return(adapter.dispatch('text_literal', 'dmp')(text)) }}
{%- endmacro %}

{% macro default__text_literal(text) -%}
    '{{ text | replace("'", "''") }}'
{%- endmacro %}

{% macro spark__text_literal(text) -%}
    '{{ text | replace("\\", "\\\\") | replace("'", "\\'") }}'
{%- endmacro %}

{#- Hash of a text (text of 32 hexadecimal digits). -#}
{% macro text_hash(text) -%}
    md5({{ text }})
{%- endmacro %}

{#- Number in a text, null where the text is none. -#}
{% macro try_to_double(text) -%}
    try_cast({{ text }} as double)
{%- endmacro %}

{#- A text or number as a decimal number, rounded to its scale; null where the text is none or the number too large. -#}
{% macro try_to_decimal(value, precision, scale) -%}
    try_cast({{ value }} as decimal({{ precision }}, {{ scale }}))
{%- endmacro %}

{#-
    Columns of a row as a JSON object (text); `types` maps their names to their types. A decimal number is written as a
    double, without the zeros at its end; a timestamp as SQL writes it.
-#}
{% macro row_to_json(types) -%}
    {{ return(adapter.dispatch('row_to_json', 'dmp')(types)) }}
{%- endmacro %}

{% macro default__row_to_json(types) -%}
    cast(to_json(struct_pack(
        {%- for column in types %}{{ column }} := {{ column }}{{ ', ' if not loop.last }}{% endfor -%}
    )) as string)
{%- endmacro %}

{% macro spark__row_to_json(types) -%}
    to_json(
        struct(
            {%- for column, type in types.items() %}
                {%- set written_as = 'double' if type.startswith('decimal') else 'string' if type == 'timestamp' else type %}
            cast({{ column }} as {{ written_as }}) as {{ column }}{{ ',' if not loop.last }}
            {%- endfor %}
        ),
        map('ignoreNullFields', 'false')
    )
{%- endmacro %}

{#- Hash of the named columns of a row (integer of 64 bits); equal rows have equal hashes, null is a value like any. -#}
{% macro row_hash(columns) -%}
    {{ return(adapter.dispatch('row_hash', 'dmp')(columns)) }}
{%- endmacro %}

{% macro default__row_hash(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro %}

{% macro spark__row_hash(columns) -%}
    xxhash64({{ columns | join(', ') }})
{%- endmacro %}

{#-
    Materialization of a table to which a run adds: Spark's own tables (Parquet files) lose no rows, so there it is made
    anew as a whole. Rows that are gone are deleted by a post-hook, where `is_incremental()`.
-#}
{% macro incremental_or_table() -%}
    {{ return(adapter.dispatch('incremental_or_table', 'dmp')()) }}
{%- endmacro %}

{% macro default__incremental_or_table() -%}
    {{ return('incremental') }}
{%- endmacro %}

{% macro spark__incremental_or_table() -%}
    {{ return('table') }}
{%- endmacro %}

{#-
    Between a CTE's name and its query: compute it where it is read, with only the columns and rows that are read there. DuckDB would
    keep the whole of one that is read several times in memory; Spark never does.
-#}
{% macro not_materialized() -%}
    {{ return(adapter.dispatch('not_materialized', 'dmp')()) }}
{%- endmacro %}

{% macro default__not_materialized() -%}
    not materialized
{%- endmacro %}

{% macro spark__not_materialized() -%}
{%- endmacro %}
