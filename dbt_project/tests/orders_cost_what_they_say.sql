{#-
    Where a source gives the total of an order, it is the sum of its lines, with or without taxes and delivery; news where that is not so
    for more than one order in a hundred, and no reason to stop.
-#}
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'int_order_lines'}}}) }}

with stated as (

    select
        order_id,
        max(order_total_amount) as order_total_amount
    from {{ ref('int_order_lines_checked') }}
    where reject_reason is null and order_total_amount is not null and {{ line_type_of() }} <> 'void'
    group by order_id

),

summed as (

    select
        lines.source,
        lines.order_id,
        stated.order_total_amount,
        sum(lines.sales_amount) as sales_amount,
        sum(lines.tax_amount) as tax_amount,
        sum(lines.shipping_amount) as shipping_amount
    from {{ ref('int_order_lines') }} as lines
    inner join stated on lines.order_id = stated.order_id
    group by lines.source, lines.order_id, stated.order_total_amount

),

compared as (

    select
        source,
        abs(order_total_amount - sales_amount) <= 0.01
        or abs(order_total_amount - sales_amount - tax_amount) <= 0.01
        or abs(order_total_amount - sales_amount - shipping_amount) <= 0.01
        or abs(order_total_amount - sales_amount - tax_amount - shipping_amount) <= 0.01 as is_equal
    from summed

)

select
    source,
    count(*) as order_count,
    sum(case when is_equal then 0 else 1 end) as different_count
from compared
group by source
having sum(case when is_equal then 0 else 1 end) > 0.01 * count(*)
