{{ config(materialized='table') }}

with returns as (

    select * from {{ ref('int_returns') }}

),

sales as {{ not_materialized() }} (

    select *
    from {{ ref('int_order_lines') }}
    where line_type = 'sale'

),

matches as (

    -- The order that the source names, else the customer's latest purchase of the product before.
    select
        returns.order_line_id,
        sales.order_line_id as returned_line_id,
        sales.ordered_at,
        true as is_named
    from returns
    inner join sales on returns.original_order_id = sales.order_id and returns.product_id = sales.product_id
    union all
    select
        returns.order_line_id,
        sales.order_line_id as returned_line_id,
        sales.ordered_at,
        false as is_named
    from returns
    inner join sales
        on
            returns.customer_id = sales.customer_id
            and returns.product_id = sales.product_id
            and returns.ordered_at >= sales.ordered_at

),

ranked as (

    select
        *,
        row_number() over (
            partition by order_line_id order by is_named desc, ordered_at desc, returned_line_id desc
        ) as match_rank
    from matches

)

select
    order_line_id,
    returned_line_id
from ranked
where match_rank = 1
