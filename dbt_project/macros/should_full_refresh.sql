{#-
    Replaces dbt's own macro, which decides whether an incremental model is built anew: also when the columns of its
    table are not those of its contract, because it was built by another version of the project. The new table is built
    beside the old one, which is readable until then.
-#}
{% macro should_full_refresh() -%}
    {%- if flags.FULL_REFRESH or not execute or model.config.materialized != 'incremental' -%}
        {{ return(flags.FULL_REFRESH) }}
    {%- endif -%}
    {{ return(has_other_columns(model)) }}
{%- endmacro %}

{#- Whether the table of a model (a node) is there and has other columns than the model's contract. -#}
{% macro has_other_columns(node) -%}
    {%- set relation = present_relation(node) -%}
    {%- if relation is none -%}
        {{ return(false) }}
    {%- endif -%}
    {{ return(
        adapter.get_columns_in_relation(relation) | map(attribute='name') | list != node.columns.keys() | list
    ) }}
{%- endmacro %}

{#- The table or view of a model (a node); none where it is not built yet. -#}
{% macro present_relation(node) -%}
    {{ return(adapter.get_relation(database=node.database, schema=node.schema, identifier=node.alias)) }}
{%- endmacro %}
