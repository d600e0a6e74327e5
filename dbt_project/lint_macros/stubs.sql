{#-
    What sqlfluff sees in place of the macros that need dbt to run (adapter, return, raise): an expression of the same
    shape. Only for linting; .sqlfluff loads this file instead of dialect.sql, contract_tables.sql and the like.
-#}
{% macro var(name) %}1{% endmacro %}
{% macro env_var(name, default) %}1{% endmacro %}
{% macro iso_date(text, setting) %}{{ text }}{% endmacro %}

{% macro union_sources(contract_table) %}select staged_column from {{ contract_table }}{% endmacro %}
{% macro rejected_rows(contract_table, id_column) %}select {{ id_column }} from {{ contract_table }}{% endmacro %}
{% macro computed_dates(code_version) %}select as_of_on, input_version from listed{% endmacro %}
{% macro feature_tables() %}{{ return([]) }}{% endmacro %}
{% macro code_version(settings, nodes) %}code{% endmacro %}

{% macro to_local_time(utc_timestamp, time_zone) %}to_local_time({{ utc_timestamp }}){% endmacro %}
{% macro to_utc(wall_time, time_zone) %}to_utc({{ wall_time }}){% endmacro %}
{% macro try_offset_time_to_utc(text) %}to_utc({{ text }}){% endmacro %}
{% macro epoch_to_utc(count, milliseconds) %}to_utc({{ count }}){% endmacro %}
{% macro try_parse_timestamp(text, format) %}to_timestamp({{ text }}){% endmacro %}
{% macro text_hash(text) %}md5({{ text }}){% endmacro %}
{% macro contract_columns(contract_table) %}{{ return(['staged_column']) }}{% endmacro %}
{% macro judged_columns() %}{{ return(['staged_column']) }}{% endmacro %}
{% macro order_part(amount) %}order_part({{ amount }}){% endmacro %}
{% macro currency_digits() %}2{% endmacro %}
{% macro source_rank(source) %}{{ source }}{% endmacro %}
{% macro load_columns() %}{{ return({}) }}{% endmacro %}
{% macro exchange_rate(currency, at) %}exchange_rate({{ currency }}){% endmacro %}
{% macro store_local_time(utc_timestamp, time_zone) %}to_local_time({{ utc_timestamp }}){% endmacro %}
{% macro days_between(from_date, to_date) %}days_between({{ from_date }}, {{ to_date }}){% endmacro %}
{% macro add_days(date, days) %}add_days({{ date }}){% endmacro %}
{% macro week_start(date) %}week_start({{ date }}){% endmacro %}
{% macro iso_weekday(date) %}iso_weekday({{ date }}){% endmacro %}
{% macro unnest_dates(first_date, last_date, days) %}unnest_dates({{ first_date }}, {{ last_date }}){% endmacro %}
{% macro replace_pattern(text, pattern, replacement) %}replace_pattern({{ text }}){% endmacro %}
{% macro matches_pattern(text, pattern) %}matches_pattern({{ text }}){% endmacro %}
{% macro try_to_double(text) %}try_to_double({{ text }}){% endmacro %}
{% macro row_to_json(types) %}row_to_json({{ types | join(', ') }}){% endmacro %}
{% macro row_hash(columns) %}row_hash({{ columns | join(', ') }}){% endmacro %}
{% macro milliseconds_between(from_at, to_at) %}milliseconds_between({{ from_at }}, {{ to_at }}){% endmacro %}
{% macro extract_pattern(text, pattern, group) %}extract_pattern({{ text }}){% endmacro %}
{% macro decode_url(text) %}decode_url({{ text }}){% endmacro %}
{% macro json_text(json, path) %}json_text({{ json }}){% endmacro %}
{% macro try_to_decimal(text, precision, scale) %}try_to_decimal({{ text }}){% endmacro %}
{% macro unnest_json_booleans(json, key, value) %}unnest({{ json }}) as {{ key }}, unnest({{ json }}) as {{ value }}{% endmacro %}
{% macro last_known(column, window) %}last_known({{ column }}){% endmacro %}
{% macro arrived_loads(code_version) %}'load'{% endmacro %}
{% macro incremental_or_table() %}table{% endmacro %}

{% macro trimmed(text) %}trim({{ text }}){% endmacro %}
{% macro known_id(column) %}known_id({{ column }}){% endmacro %}
{% macro translated(relation, column) %}select {{ relation }}.* from {{ relation }} {% endmacro %}
{% macro every_purpose() %}select purpose from listed{% endmacro %}
{% macro refused_channel(event_name) %}lower({{ event_name }}){% endmacro %}
{% macro has_address(word) %}{{ word }} = 'email'{% endmacro %}
{% macro consent_word(column) %}lower({{ column }}){% endmacro %}
{% macro speaks_of_addresses(consent) %}{{ consent }} like '%'{% endmacro %}
{% macro permission_pairs() %}select purpose from listed{% endmacro %}
{% macro not_materialized() %}not materialized{% endmacro %}
