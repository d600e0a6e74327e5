{#-
    Version of the model being built, or of other models (nodes): changes with their SQL and that of the views that they read, with
    the settings (names of vars) that they read and with any macro of the project, as dbt does not tell which ones a model calls.
-#}
{% macro code_version(settings, nodes=none) -%}
    {%- set values = [var('macros_version')] -%}
    {%- for node in ([model] if nodes is none else nodes) -%}
        {%- do values.append(node.get('raw_code', '')) -%}
        {%- do values.extend(view_codes(node)) -%}
    {%- endfor -%}
    {%- for setting in settings -%}
        {#- What a macro has its own words for need not be set (macros/nobody.sql). -#}
        {%- do values.append(var(setting, none)) -%}
    {%- endfor -%}
    {{ return(local_md5(tojson(values))[:8]) }}
{%- endmacro %}

{#- SQL of the views and ephemeral models that a node reads, directly or through others of them. -#}
{% macro view_codes(node) -%}
    {%- set codes = [] -%}
    {%- for id in node.depends_on.nodes if execute and id in graph.nodes -%}
        {%- set upstream = graph.nodes[id] -%}
        {%- if upstream.config.materialized in ('view', 'ephemeral') -%}
            {%- do codes.append(upstream.raw_code) -%}
            {%- do codes.extend(view_codes(upstream)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(codes) }}
{%- endmacro %}
