{#-
    Configures a table of features by as-of date, computed where it lacks a date with the present input_version and
    code_version (int_feature_dates); the post-hook deletes the dates that are no longer listed.
-#}
{% macro feature_table() -%}
    {{ config(
        materialized=incremental_or_table(),
        incremental_strategy='delete+insert',
        unique_key='as_of_on',
        on_schema_change='fail',
        post_hook="
            {% set listed = ref('customer_feature_inputs') %}
            {% if is_incremental() %}
            delete from {{ this }}
            where (as_of_on, input_version) not in (
                select as_of_on, input_version from {{ listed }}
            )
            {% endif %}
        ",
    ) }}
{%- endmacro %}
