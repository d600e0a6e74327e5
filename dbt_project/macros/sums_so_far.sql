{#-
    Sums of the measures of a relation (version_id, seen_on and the measures) over what each as-of date of a customer's version sees, from
    the CTE customers of int_feature_customers; with a `key`, one row for each of its values that the date sees. `functions`
    names another aggregate than the sum for some measures. A date is one more row of the window and sees the rows of its own
    date: so the work grows with the dates, where a join of each with every earlier one would make 8 million rows of 300,000.
-#}
{% macro sums_so_far(relation, measures, key=none, functions={}) -%}
    {%- set by = ['version_id'] + ([key] if key else []) -%}
    {%- set window = 'partition by ' ~ by | join(', ') ~ ' order by as_of_on' %}
    select
        {{ by | join(',\n        ') }},
        as_of_on,
        {{ measures | join(',\n        ') }}
    from (
        select
            {{ by | join(',\n            ') }},
            as_of_on,
            is_date,
            count(case when not is_date then 1 end) over ({{ window }}) as seen_count,
            {%- for measure in measures %}
                {{ functions.get(measure, 'sum') }}({{ measure }}) over ({{ window }}) as {{ measure }}{{ ',' if not loop.last }}
            {%- endfor %}
        from (
            select
                {{ by | join(',\n                ') }},
                seen_on as as_of_on,
                false as is_date,
                {{ measures | join(',\n                ') }}
            from {{ relation }}
            union all
            select
                customers.version_id,
                {%- if key %}
                    keys.{{ key }},
                {%- endif %}
                customers.as_of_on,
                true as is_date,
                {%- for measure in measures %}
                    null as {{ measure }}{{ ',' if not loop.last }}
                {%- endfor %}
            from customers
            {%- if key %}
            inner join (
                select distinct
                    version_id,
                    {{ key }}
                from {{ relation }}
            ) as keys on customers.version_id = keys.version_id
            {%- endif %}
        ) as rows_and_dates
    ) as known
    where is_date and seen_count > 0
{%- endmacro %}
