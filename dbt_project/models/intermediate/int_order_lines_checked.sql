{{ config(materialized='table') }}

{%- set amounts = [
    'sales_amount', 'loyalty_discount_amount', 'coupon_match_discount_amount', 'coupon_discount_amount',
] -%}
{%- set kept = contract_columns('order_lines') | reject('in', amounts + ['currency']) | list -%}
{%- set list_amount = 'sales_amount + loyalty_discount_amount + coupon_match_discount_amount' -%}
{%- set rules = {
    'missing_id': 'order_line_id is null or order_id is null or customer_id is null or product_id is null'
        ~ ' or store_id is null',
    'missing_date': 'ordered_at is null',
    'missing_value': 'quantity is null or coupon_discount_amount is null or ' ~ list_amount ~ ' is null',
    'negative_quantity': 'quantity < 0',
    'negative_amount': 'sales_amount < 0 or loyalty_discount_amount < 0 or coupon_match_discount_amount < 0'
        ~ ' or coupon_discount_amount < 0',
    'contradictory_order': 'is_contradictory',
    'unknown_time_zone': 'ordered_at_local is null',
    'unknown_currency': 'exchange_rate is null',
    'before_earliest_date': "ordered_at_local < date '" ~ var('earliest_order_on') ~ "'",
    'after_load': 'ordered_at > _loaded_at',
    'no_quantity_no_value': 'quantity = 0 and coupon_discount_amount = 0 and ' ~ list_amount ~ ' = 0',
    'coupon_above_order': '(quantity > 0 or ' ~ list_amount ~ ' > 0) and is_coupon_above_order',
} -%}

with staged as (

    {{ union_sources('order_lines') }}

),

implausible_orders as (

    -- One order has one customer: with two, whose it is cannot be known. A coupon may exceed its line (several on one
    -- item, or one worth more than the item), but not its order.
    select
        order_id,
        min(customer_id) <> max(customer_id) as is_contradictory,
        sum({{ list_amount }}) as order_list_amount
    from staged
    group by order_id
    having min(customer_id) <> max(customer_id) or max(coupon_discount_amount) > sum({{ list_amount }})

),

localised as (

    select
        staged.*,
        orders.is_contradictory,
        staged.coupon_discount_amount > orders.order_list_amount as is_coupon_above_order,
        {{ store_local_time('staged.ordered_at', 'staged.time_zone') }} as ordered_at_local
    from staged
    left join implausible_orders as orders on staged.order_id = orders.order_id

),

rated as (

    select
        *,
        {{ exchange_rate('currency', 'ordered_at_local') }} as exchange_rate
    from localised

),

converted as (

    -- A row without a rate is rejected as it is. Multiplying by one would cost 2 s on 1.5 million rows.
    select
        {{ kept | join(',\n        ') }},
        {%- for amount in amounts %}
            case
                when exchange_rate <> 1 then cast({{ amount }} * exchange_rate as {{ var('amount_type') }})
                else {{ amount }}
            end as {{ amount }},
        {%- endfor %}
        case when exchange_rate is null then currency else '{{ var("currency") }}' end as currency,
        exchange_rate,
        ordered_at_local,
        is_contradictory,
        is_coupon_above_order
    from rated

)

select
    {{ contract_columns('order_lines') | join(',\n    ') }},
    exchange_rate,
    ordered_at_local,
    {{ reject_reason(rules) }} as reject_reason
from converted
