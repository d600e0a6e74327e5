{#- fct_orders takes customer, store and time from any line of an order: all its lines must agree. -#}
select order_id
from {{ ref('fct_order_lines') }}
group by order_id
having
    min(customer_id) <> max(customer_id)
    or min(store_id) <> max(store_id)
    or min(source) <> max(source)
    or min(ordered_at) <> max(ordered_at)
