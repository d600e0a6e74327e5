{#-
    A sales line's part of an amount of its order, in proportion to the sales and rounded to the currency's digits; 0 where there is
    none. What is rounded are the sums so far, so that the parts add up. Reads sales_amount, sales_so_far and order_sales_amount.
-#}
{% macro order_part(amount) -%}
    cast(
        coalesce(
            round({{ amount }} * cast(sales_so_far as double) / order_sales_amount, {{ currency_digits() }})
            - round({{ amount }} * cast(sales_so_far - sales_amount as double) / order_sales_amount, {{ currency_digits() }}),
            0
        ) as {{ var('amount_type') }}
    )
{%- endmacro %}
