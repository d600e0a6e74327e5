{#- Sales are conserved to the cent from staging to orders, per source. -#}
{{ config(meta={'dagster': {'ref': {'name': 'fct_orders'}}}) }}

with checked as (

    select
        source,
        sum(sales_amount) filter (where reject_reason is null) as sales_amount
    from {{ ref('int_order_lines_checked') }}
    group by source

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
