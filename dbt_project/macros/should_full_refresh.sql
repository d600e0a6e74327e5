{#-
    Replaces dbt's own macro, which decides whether an incremental model is built anew: also when the columns of its
    table are not those of its contract, because it was built by another version of the project. The new table is built
    beside the old one, which is readable until then.
-#}
{% macro should_full_refresh() -%}
    {%- if flags.FULL_REFRESH or not execute or model.config.materialized != 'incremental' -%}
        {{ return(flags.FULL_REFRESH) }}
    {%- endif -%}
    {%- set relation = load_cached_relation(this) -%}
    {%- if relation is none -%}
        {{ return(false) }}
    {%- endif -%}
    {{ return(
        adapter.get_columns_in_relation(relation) | map(attribute='name') | list != model.columns.keys() | list
    ) }}
{%- endmacro %}
