{#- fct_orders takes customer and source from any line of an order: all its lines must agree. -#}
select order_id
from {{ ref('fct_order_lines') }}
group by order_id
having
    min(source_customer_id) <> max(source_customer_id)
    or min(source) <> max(source)
