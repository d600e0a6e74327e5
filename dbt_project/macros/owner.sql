{#-
    Whose a row is, as int_identifier_owners knows it. A row names a customer by identifiers of several kinds; `identifiers` maps
    each kind to SQL for the column of the row that holds one. The kinds are asked in the order of the map: the first that is somebody's decides.
-#}

{#- The joins that find the owner of each identifier at the time of the row (`at`, a UTC timestamp). Customer ids never change hands. -#}
{% macro owner_joins(identifiers, at) -%}
{%- for kind, column in identifiers.items() %}
left join {{ ref('int_identifier_owners') }} as {{ kind }}_owners
    on
        {{ identifier(kind, column) }} = {{ kind }}_owners.identifier_id
        {%- if kind != 'customer' %}
        and {{ at }} >= {{ kind }}_owners.owned_from_at
        and {{ at }} < {{ kind }}_owners.owned_until_at
        {%- endif %}
{%- endfor %}
{%- endmacro %}

{#- The resolved customer of a row with `owner_joins`. A customer id that identity has not seen yet stands for itself. -#}
{% macro owner(identifiers) -%}
    coalesce(
        {%- for kind, column in identifiers.items() %}
        {{ kind }}_owners.customer_id
        {%- if kind == 'customer' %},
        case when customer_owners.identifier_id is null then {{ column }} end
        {%- endif %}{{ ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{#- The identifier that decides whose a row with `owner_joins` is; null where it is nobody's. -#}
{% macro deciding_identifier(identifiers) -%}
    case
        {%- for kind, column in identifiers.items() %}
        when {{ kind }}_owners.customer_id is not null then {{ identifier(kind, column) }}
        {%- if kind == 'customer' %}
        when customer_owners.identifier_id is null and {{ column }} is not null then {{ column }}
        {%- endif %}
        {%- endfor %}
    end
{%- endmacro %}

{#- An identifier as identity.identifiers has it: a customer id as it is, any other with its kind in front. -#}
{% macro identifier(kind, column) -%}
    {%- if kind in ('customer', 'subject') -%}
    {{ column }}
    {%- else -%}
    '{{ kind }}:' || {{ column }}
    {%- endif -%}
{%- endmacro %}
