{#-
    SQL of the as-of dates, with their input_version, that all tables of features hold as the present code computes them; none
    where one of them is built anew. Asked in int_feature_dates, which is a part of their queries and no table: `this` and
    is_incremental() would be its own.
-#}
{% macro computed_dates(code_version) -%}
    {%- set tables = [] -%}
    {%- for node in feature_tables() -%}
        {%- set is_built_anew = flags.FULL_REFRESH or node.config.materialized != 'incremental' or has_other_columns(node) -%}
        {%- do tables.append(none if is_built_anew else present_relation(node)) -%}
    {%- endfor -%}
    {%- for table in tables if none not in tables %}
    select distinct
        as_of_on,
        input_version
    from {{ table }}
    where code_version = '{{ code_version }}'
    {%- if not loop.last %}
    intersect
    {%- endif %}
    {%- else %}
    select
        as_of_on,
        input_version
    from listed
    where false
    {%- endfor %}
{%- endmacro %}

{#- The models whose tables hold features for every as-of date. -#}
{% macro feature_tables() -%}
    {%- if not execute -%}
        {{ return([]) }}
    {%- endif -%}
    {{ return([graph.nodes['model.dmp.customer_features'], graph.nodes['model.dmp.customer_department_shares']]) }}
{%- endmacro %}
