{#-
    Rank of a raw row within its natural key: 1 is the row to keep. Raw tables are append-only, so the newest load wins, and of
    files that were loaded together the one whose name is last; rows that tie within a load are ordered by the given columns,
    such as their row in the file, so that two builds keep the same one.
    A row with an incomplete key, or without another required column, is always kept: it is rejected later, with a reason, and
    must neither vanish here nor take the place of a complete one.
-#}
{% macro load_rank(key, tie_break=[], required=[]) -%}
    case
        when {% for column in key + required %}{{ column }} is null{{ ' or ' if not loop.last }}{% endfor %} then 1
        else row_number() over (
            partition by {{ key | join(', ') }}
            {%- for column in required %}, {{ column }} is null{% endfor %}
            order by _loaded_at desc, _file desc, _load_id desc
            {%- for column in tie_break %}, {{ column }} desc{% endfor %}
        )
    end
{%- endmacro %}
