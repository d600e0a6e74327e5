{#-
    Version of the model being built: changes with its SQL, with the settings (names of vars) that it reads and with any
    macro of the project, as dbt does not tell which ones a model calls.
-#}
{% macro code_version(settings) -%}
    {%- set values = [var('macros_version')] -%}
    {%- for setting in settings -%}
        {%- do values.append(var(setting)) -%}
    {%- endfor -%}
    {{ return(local_md5(model.get('raw_code', '') ~ tojson(values))[:8]) }}
{%- endmacro %}
