{#-
    Which key leads by its running value, and with how much: one row per customer and seen_on. `relation` has the columns
    version_id, seen_on, `key` and `value` (not negative), one row per customer, key and seen_on. Of equal keys the
    first leads, and none leads with nothing. A running value never falls, so the highest so far is the leader's; keys
    that reach the same value share the stretch in which it is the highest.
-#}
{% macro leaders(relation, key, value) -%}
    select
        version_id,
        seen_on,
        min(leading_key) as {{ key }},
        max(leading_value) as {{ value }}
    from (
        select
            version_id,
            seen_on,
            leading_value,
            min(case when running_value = leading_value and leading_value > 0 then {{ key }} end)
                over (partition by version_id, leading_value order by seen_on)
                as leading_key
        from (
            select
                *,
                max(running_value) over (partition by version_id order by seen_on) as leading_value
            from (
                select
                    version_id,
                    seen_on,
                    {{ key }},
                    sum({{ value }}) over (partition by version_id, {{ key }} order by seen_on) as running_value
                from {{ relation }}
            ) as running
        ) as led
    ) as named
    group by version_id, seen_on
{%- endmacro %}
