{#-
    Version of the model being built: changes with its SQL and that of the views that it reads, with the settings (names
    of vars) that they read and with any macro of the project, as dbt does not tell which ones a model calls.
-#}
{% macro code_version(settings) -%}
    {%- set values = [var('macros_version')] + view_codes(model) -%}
    {%- for setting in settings -%}
        {%- do values.append(var(setting)) -%}
    {%- endfor -%}
    {{ return(local_md5(model.get('raw_code', '') ~ tojson(values))[:8]) }}
{%- endmacro %}

{#- SQL of the views that a node reads, directly or through other views. -#}
{% macro view_codes(node) -%}
    {%- set codes = [] -%}
    {%- for id in node.depends_on.nodes if execute and id in graph.nodes -%}
        {%- set upstream = graph.nodes[id] -%}
        {%- if upstream.config.materialized == 'view' -%}
            {%- do codes.append(upstream.raw_code) -%}
            {%- do codes.extend(view_codes(upstream)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(codes) }}
{%- endmacro %}
