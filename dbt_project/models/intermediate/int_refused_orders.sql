{{ config(materialized='table') }}

with lines as (

    select
        order_id,
        customer_id,
        coupon_discount_amount,
        sales_amount + loyalty_discount_amount + coupon_match_discount_amount as list_amount
    from {{ ref('int_order_lines_current') }}
    where row_reason is null

)

-- One order has one customer: with two, whose it is cannot be known. A coupon may exceed its line (several on one
-- item, or one worth more than the item), but not its order.
select
    order_id,
    min(customer_id) <> max(customer_id) as is_contradictory,
    sum(case when list_amount > 0 then list_amount else 0 end) as order_list_amount
from lines
group by order_id
having
    min(customer_id) <> max(customer_id)
    or max(coupon_discount_amount) > sum(case when list_amount > 0 then list_amount else 0 end)
