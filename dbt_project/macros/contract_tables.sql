{#-
    What models do with the contract tables. A source has one staging model stg_<source>__<contract table> for every
    contract table that it lists in var('sources'), with exactly the columns of `contract_types`.
-#}

{#- Where a staged row comes from: file, row, load. Columns of every contract table, with their types. -#}
{% macro load_columns() -%}
    {{ return({'_file': 'string', '_row': 'bigint', '_load_id': 'string', '_loaded_at': 'timestamp'}) }}
{%- endmacro %}

{#- Names of a contract table's columns. -#}
{% macro contract_columns(contract_table) -%}
    {{ return(contract_types(contract_table).keys() | list) }}
{%- endmacro %}

{#- Names of the sources that list a contract table in var('sources'). -#}
{% macro sources_with(contract_table) -%}
    {%- set names = [] -%}
    {%- for source, contract_tables in var('sources').items() if contract_table in contract_tables -%}
        {%- do names.append(source) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}

{#- Names of the columns that a model declares; all of its contract table's while dbt parses, and in unit tests. -#}
{% macro declared_columns(name, contract_table) -%}
    {%- set models = (graph.nodes or {}).values() | selectattr('resource_type', 'equalto', 'model') if execute else [] -%}
    {%- for model in models | selectattr('name', 'equalto', name) -%}
        {{ return(model.columns.keys() | list) }}
    {%- endfor -%}
    {{ return(contract_columns(contract_table)) }}
{%- endmacro %}

{#-
    Rows of one contract table from every source that lists it in var('sources'); no rows if none does. A column that a staging
    model does not declare is null.
-#}
{% macro union_sources(contract_table) -%}
    {%- for source in sources_with(contract_table) %}
    {%- set staged = ref('stg_' ~ source ~ '__' ~ contract_table) %}
    {%- set declared = declared_columns('stg_' ~ source ~ '__' ~ contract_table, contract_table) %}
    select
        {%- for column, type in contract_types(contract_table).items() %}
        {{ column if column in declared else 'cast(null as ' ~ type ~ ') as ' ~ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ staged }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- else %}
    select
        {%- for column, type in contract_types(contract_table).items() %}
        cast(null as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    where false
    {%- endfor %}
{%- endmacro %}
