{#- Whether a column says that its row is deleted: it holds a time, or a yes. -#}
{% macro is_deleted(column) -%}
    coalesce(lower(trim(cast({{ column }} as string))), '') not in ('', '0', 'false', 'f', 'no', 'n')
{%- endmacro %}

{#-
    Whether a row is withdrawn: a row of its key (columns), in its own load or a later one, is deleted (column is_deleted).
    A row with an incomplete key stays: it is rejected later, with a reason.
-#}
{% macro is_withdrawn(key) -%}
    case
        when {% for column in key %}{{ column }} is null{{ ' or ' if not loop.last }}{% endfor %} then false
        else coalesce(
            max(case when is_deleted then _loaded_at end) over (partition by {{ key | join(', ') }}) >= _loaded_at, false
        )
    end
{%- endmacro %}
