{#- Net sales are conserved to the last digit from staging to orders, per source. -#}
{{ config(meta={'dagster': {'ref': {'name': 'fct_orders'}}}) }}

with checked as (

    -- Less the discounts and the money paid back that whole orders state.
    select
        lines.source,
        sum(
            lines.sales_amount - coalesce(parts.discount_amount, 0) - coalesce(parts.refunded_amount, 0)
        ) as sales_amount
    from {{ ref('int_order_lines_checked') }} as lines
    left join {{ ref('int_order_parts') }} as parts on lines.order_line_id = parts.order_line_id
    where lines.reject_reason is null and {{ line_type_of('lines') }} not in ('adjustment', 'void')
    group by lines.source

),

lines as (

    select
        source,
        sum(sales_amount) as sales_amount
    from {{ ref('fct_order_lines') }}
    group by source

),

orders as (

    select
        source,
        sum(sales_amount) as sales_amount
    from {{ ref('fct_orders') }}
    group by source

)

select
    checked.source,
    checked.sales_amount as checked_sales_amount,
    lines.sales_amount as line_sales_amount,
    orders.sales_amount as order_sales_amount
from checked
left join lines on checked.source = lines.source
left join orders on checked.source = orders.source
where
    checked.sales_amount is distinct from lines.sales_amount
    or checked.sales_amount is distinct from orders.sales_amount
