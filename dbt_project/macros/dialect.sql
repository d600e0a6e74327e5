{#-
    Every difference between SQL dialects, and nothing else. default__ is ANSI as DuckDB speaks it, spark__ where Spark
    differs. Elsewhere the models use what both understand: `string` for text, no backslash in a pattern, no `qualify`.
-#}

{#- Store-local wall time (timestamp) of a UTC timestamp. -#}
{% macro to_local_time(utc_timestamp, time_zone) -%}
    {{ return(adapter.dispatch('to_local_time')(utc_timestamp, time_zone)) }}
{%- endmacro %}

{% macro default__to_local_time(utc_timestamp, time_zone) -%}
    timezone('{{ time_zone }}', timezone('UTC', {{ utc_timestamp }}))
{%- endmacro %}

{% macro spark__to_local_time(utc_timestamp, time_zone) -%}
    from_utc_timestamp({{ utc_timestamp }}, '{{ time_zone }}')
{%- endmacro %}

{#- Whole days from one date to a later one (integer). -#}
{% macro days_between(from_date, to_date) -%}
    {{ return(adapter.dispatch('days_between')(from_date, to_date)) }}
{%- endmacro %}

{% macro default__days_between(from_date, to_date) -%}
    cast({{ to_date }} - {{ from_date }} as integer)
{%- endmacro %}

{% macro spark__days_between(from_date, to_date) -%}
    datediff({{ to_date }}, {{ from_date }})
{%- endmacro %}

{#- A date moved by a whole number of days (date). -#}
{% macro add_days(date, days) -%}
    {{ return(adapter.dispatch('add_days')(date, days)) }}
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
    {{ return(adapter.dispatch('iso_weekday')(date)) }}
{%- endmacro %}

{% macro default__iso_weekday(date) -%}
    cast(isodow({{ date }}) as integer)
{%- endmacro %}

{% macro spark__iso_weekday(date) -%}
    weekday({{ date }}) + 1
{%- endmacro %}

{#- One row every so many days from one date to another, both included: a select list expression (date). -#}
{% macro unnest_dates(first_date, last_date, days) -%}
    {{ return(adapter.dispatch('unnest_dates')(first_date, last_date, days)) }}
{%- endmacro %}

{% macro default__unnest_dates(first_date, last_date, days) -%}
    cast(unnest(generate_series({{ first_date }}, {{ last_date }}, interval {{ days }} day)) as date)
{%- endmacro %}

{% macro spark__unnest_dates(first_date, last_date, days) -%}
    explode(sequence({{ first_date }}, {{ last_date }}, interval {{ days }} day))
{%- endmacro %}

{#- A text with every match of a pattern replaced. -#}
{% macro replace_pattern(text, pattern, replacement) -%}
    {{ return(adapter.dispatch('replace_pattern')(text, pattern, replacement)) }}
{%- endmacro %}

{% macro default__replace_pattern(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro spark__replace_pattern(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}')
{%- endmacro %}

{#- Whether a pattern is found in a text (boolean). -#}
{% macro matches_pattern(text, pattern) -%}
    {{ return(adapter.dispatch('matches_pattern')(text, pattern)) }}
{%- endmacro %}

{% macro default__matches_pattern(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}

{% macro spark__matches_pattern(text, pattern) -%}
    regexp_like({{ text }}, '{{ pattern }}')
{%- endmacro %}

{#- Number in a text, null where the text is none. -#}
{% macro try_to_double(text) -%}
    try_cast({{ text }} as double)
{%- endmacro %}

{#- The named columns of a row as a JSON object (text). -#}
{% macro row_to_json(columns) -%}
    {{ return(adapter.dispatch('row_to_json')(columns)) }}
{%- endmacro %}

{% macro default__row_to_json(columns) -%}
    cast(to_json(struct_pack(
        {%- for column in columns %}{{ column }} := {{ column }}{{ ', ' if not loop.last }}{% endfor -%}
    )) as string)
{%- endmacro %}

{% macro spark__row_to_json(columns) -%}
    to_json(struct({{ columns | join(', ') }}), map('ignoreNullFields', 'false'))
{%- endmacro %}

{#- Hash of the named columns of a row (integer of 64 bits); equal rows have equal hashes, null is a value like any. -#}
{% macro row_hash(columns) -%}
    {{ return(adapter.dispatch('row_hash')(columns)) }}
{%- endmacro %}

{% macro default__row_hash(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro %}

{% macro spark__row_hash(columns) -%}
    xxhash64({{ columns | join(', ') }})
{%- endmacro %}
