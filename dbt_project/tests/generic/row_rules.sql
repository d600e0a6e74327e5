{#-
    Every row satisfies every rule. `rules` maps a name to a condition over the columns of a row; a condition that is
    null fails. All rules of a model are checked in one pass. Returns the failing rows with the first rule they fail.
-#}
{% test row_rules(model, rules) %}

select
    case
        {%- for name, condition in rules.items() %}
        when ({{ condition }}) is not true then '{{ name }}'
        {%- endfor %}
    end as failed_rule,
    *
from {{ model }}
where
    {%- for name, condition in rules.items() %}
    {{ 'or ' if not loop.first }}({{ condition }}) is not true
    {%- endfor %}

{% endtest %}
