{#- Parts of a URL as text; null where the URL has none. -#}

{#- Scheme, host and path, without query and fragment. -#}
{% macro url_without_query(url) -%}
    {{ extract_pattern(url, '^[^?#]+', 0) }}
{%- endmacro %}

{#- Host in lower case, without www, user and port. -#}
{% macro url_host(url) -%}
    {{ extract_pattern(
        'lower(' ~ url ~ ')', '^[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?(?:www[.])?([^/?#:]+)', 1
    ) }}
{%- endmacro %}

{#- Path, from the first slash after the host. -#}
{% macro url_path(url) -%}
    {{ extract_pattern(url, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*(/[^?#]*)', 1) }}
{%- endmacro %}

{#- Value of a parameter of the query, decoded. `url` may be the query alone, with its question mark. -#}
{% macro url_parameter(url, name) -%}
    {{ decode_url(extract_pattern(url, '[?&]' ~ name ~ '=([^&#]+)', 1)) }}
{%- endmacro %}
