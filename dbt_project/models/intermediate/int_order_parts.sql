{%- set amounts = [
    'order_discount_amount', 'order_tax_amount', 'order_shipping_amount', 'order_refunded_amount',
] -%}

with lines as (

    select
        *,
        coalesce(line_type, 'sale') = 'sale' and sales_amount > 0 as is_sale
    from {{ ref('int_order_lines_checked') }}
    where reject_reason is null

),

stated as (

    -- An order may state its amounts on one of its lines or on all.
    select
        order_id,
        max(refunded_at) as refunded_at,
        {%- for amount in amounts %}
            max({{ amount }}) as {{ amount }},
        {%- endfor %}
        sum(case when is_sale then sales_amount end) as order_sales_amount
    from lines
    group by order_id
    having coalesce(max({{ amounts | join('), max(') }})) is not null

),

discounted as (

    -- No more is taken off than the sales, and no more paid back than what is left of them.
    select
        *,
        case
            when order_discount_amount > order_sales_amount then order_sales_amount else order_discount_amount
        end as taken_off_amount
    from stated

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
