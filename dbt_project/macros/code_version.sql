{#-
    Version of the model being built: changes with its SQL and with the settings (names of vars) that it reads. Not with
    the macros that it calls: after a change there, `dbt build --full-refresh`.
-#}
{% macro code_version(settings) -%}
    {%- set values = [] -%}
    {%- for setting in settings -%}
        {%- do values.append(var(setting)) -%}
    {%- endfor -%}
    {{ return(local_md5(model.get('raw_code', '') ~ tojson(values))[:8]) }}
{%- endmacro %}
