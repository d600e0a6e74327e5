{#-
    Sums of the measures of a relation (customer_id, seen_on and the measures) over what each customer's as-of date sees, from
    the CTE customers of int_feature_customers. Not by window functions: for one date 48 of them take 2 s, this join nothing.
-#}
{% macro sums_so_far(relation, measures) -%}
    select
        customers.customer_id,
        customers.as_of_on,
        {%- for measure in measures %}
            sum({{ relation }}.{{ measure }}) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from customers
    inner join {{ relation }}
        on customers.customer_id = {{ relation }}.customer_id and customers.as_of_on >= {{ relation }}.seen_on
    group by customers.customer_id, customers.as_of_on
{%- endmacro %}
