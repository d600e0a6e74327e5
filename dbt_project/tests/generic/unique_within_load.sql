{#- One load of a raw table holds each key once. Returns the keys that repeat. -#}
{% test unique_within_load(model, columns) %}

select
    _load_id,
    {{ columns | join(',\n    ') }}
from {{ model }}
group by _load_id, {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
