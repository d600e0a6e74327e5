{{ config(materialized='table') }}

{%- set amounts = [
    'order_discount_amount', 'order_tax_amount', 'order_shipping_amount', 'order_refunded_amount',
] -%}

with lines as {{ not_materialized() }} (

    select
        *,
        {{ line_type_of() }} = 'sale' and sales_amount > 0 as is_sale
    from {{ ref('int_order_lines_checked') }}
    where reject_reason is null

),

stated as (

    -- An order may state its amounts on one of its lines or on all.
    select
        {%- for amount in amounts %}
            max({{ amount }}) as {{ amount }},
        {%- endfor %}
        order_id
    from lines
    where coalesce({{ amounts | join(', ') }}) is not null
    group by order_id

),

summed as (

    select
        lines.order_id,
        max(lines.refunded_at) as refunded_at,
        sum(case when lines.is_sale then lines.sales_amount end) as order_sales_amount
    from lines
    inner join stated on lines.order_id = stated.order_id
    group by lines.order_id

),

discounted as (

    -- No more is taken off than the sales, and no more paid back than what is left of them.
    select
        stated.order_id,
        {%- for amount in amounts %}
            stated.{{ amount }},
        {%- endfor %}
        summed.refunded_at,
        summed.order_sales_amount,
        case
            when stated.order_discount_amount > summed.order_sales_amount then summed.order_sales_amount
            else stated.order_discount_amount
        end as taken_off_amount
    from stated
    inner join summed on stated.order_id = summed.order_id

),

orders as (

    select
        order_id,
        refunded_at,
        order_sales_amount,
        taken_off_amount as order_discount_amount,
        order_tax_amount,
        order_shipping_amount,
        case
            when order_refunded_amount > order_sales_amount - coalesce(taken_off_amount, 0)
                then order_sales_amount - coalesce(taken_off_amount, 0)
            else order_refunded_amount
        end as order_refunded_amount
    from discounted

),

sales as (

    select
        lines.order_line_id,
        lines.sales_amount,
        sum(lines.sales_amount) over (
            partition by lines.order_id
            order by lines.order_line_id
            rows between unbounded preceding and current row
        ) as sales_so_far,
        {%- for amount in amounts %}
            orders.{{ amount }},
        {%- endfor %}
        orders.order_sales_amount,
        orders.refunded_at
    from lines
    inner join orders on lines.order_id = orders.order_id
    where lines.is_sale

)

select
    order_line_id,
    {%- for amount in amounts %}
        {{ order_part(amount) }} as {{ amount | replace('order_', '') }},
    {%- endfor %}
    refunded_at
from sales
