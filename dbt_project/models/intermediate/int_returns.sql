{#- A table: they are few, and the engine finds their sales in one pass over the lines if it knows that they are. -#}
{{ config(materialized='table') }}

select
    order_line_id,
    customer_id,
    product_id,
    ordered_at,
    original_order_id
from {{ ref('int_order_lines') }}
where line_type in ('return', 'cancellation') and returned_line_id is null
