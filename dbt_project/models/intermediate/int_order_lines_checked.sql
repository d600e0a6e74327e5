{%- set columns = contract_columns('order_lines') + ['exchange_rate', 'ordered_at_local'] -%}
{%- set list_amount = 'lines.sales_amount + lines.loyalty_discount_amount + lines.coupon_match_discount_amount' -%}
{%- set order_rules = {
    'contradictory_order': 'orders.is_contradictory',
    'coupon_above_order': '(lines.quantity > 0 or ' ~ list_amount ~ ' > 0)'
        ~ ' and lines.coupon_discount_amount > orders.order_list_amount',
} -%}

select
    {%- for column in columns %}
        lines.{{ column }},
    {%- endfor %}
    coalesce(lines.row_reason, {{ reject_reason(order_rules) }}) as reject_reason
from {{ ref('int_order_lines_current') }} as lines
left join {{ ref('int_refused_orders') }} as orders on lines.order_id = orders.order_id
