{{ config(materialized='table') }}

{%- set line_amounts = [
    'sales_amount', 'loyalty_discount_amount', 'coupon_match_discount_amount', 'coupon_discount_amount',
] -%}
{%- set amounts = line_amounts + [
    'unit_price', 'order_discount_amount', 'order_tax_amount', 'order_shipping_amount', 'order_total_amount',
    'order_refunded_amount',
] -%}
{%- set columns = contract_columns('order_lines') -%}
{%- set list_amount = 'sales_amount + loyalty_discount_amount + coupon_match_discount_amount' -%}
{%- set line_types = ['sale', 'free', 'coupon', 'return', 'cancellation', 'fee', 'adjustment', 'void'] -%}
{%- set is_return = "line_type in ('return', 'cancellation')" -%}
{%- set row_rules = {
    'missing_id': 'order_line_id is null or order_id is null or product_id is null or store_id is null',
    'damaged_id': is_damaged_id(['order_line_id', 'order_id', 'customer_id', 'product_id']),
    'missing_date': 'ordered_at is null',
    'missing_value': 'quantity is null or coupon_discount_amount is null or ' ~ list_amount ~ ' is null',
    'unknown_line_type': "line_type not in ('" ~ line_types | join("', '") ~ "')",
    'negative_discount': 'not coalesce(' ~ is_return ~ ', false) and (loyalty_discount_amount < 0'
        ~ ' or coupon_match_discount_amount < 0 or coupon_discount_amount < 0)',
    'unknown_time_zone': 'ordered_at_local is null',
    'contradictory_currency': "currency like '% or %'",
    'unknown_currency': 'exchange_rate is null',
    'before_earliest_date': "ordered_at_local < date '" ~ var('earliest_order_on') ~ "'",
    'after_load': 'ordered_at > _loaded_at',
    'no_quantity_no_value': 'quantity = 0 and coupon_discount_amount = 0 and ' ~ list_amount ~ ' = 0',
} -%}
{%- set is_sale = line_type_of() ~ " = 'sale'" -%}
{%- set is_negative = 'coalesce(quantity < 0 or sales_amount < 0, false)' -%}
{#- Over 18 digits, so that DuckDB does not multiply in 64 bits: 10,000 with eight digits times a rate is too much. -#}
{%- set wide_amount = 'decimal(20,' ~ var('amount_type').split(',')[1] -%}
{#- A row without a rate is rejected as it is. Multiplying by one would cost 2 s on 1.5 million rows. -#}
{%- set converted = {
    'currency': "case when exchange_rate is null then currency else '" ~ var('currency') ~ "' end"
} -%}
{%- for amount in amounts -%}
    {%- do converted.update({
        amount: 'case when exchange_rate <> 1 then cast(cast(' ~ amount ~ ' as ' ~ wide_amount ~ ') * exchange_rate as '
            ~ var('amount_type') ~ ') else ' ~ amount ~ ' end'
    }) -%}
{%- endfor -%}
{%- set taken_back = {} -%}
{%- for measure in ['quantity'] + line_amounts -%}
    {%- do taken_back.update({
        measure: 'case when ' ~ is_return ~ ' then -abs(' ~ measure ~ ') else ' ~ measure ~ ' end'
    }) -%}
{%- endfor %}

with staged as (

    {{ union_sources('order_lines') }}

),

priced as (

    -- Without an amount, it follows from the price.
    select
        {{- changed_columns(columns, {
            'sales_amount': 'coalesce(sales_amount, try_cast('
                ~ 'cast(quantity as decimal(20, 3)) * unit_price - loyalty_discount_amount as '
                ~ var('amount_type') ~ '))',
        }) }}
    from staged

),

typed as (

    -- Where the source does not say otherwise, a negative quantity or amount is a return; without the other of the two
    -- it corrects the stock or the accounts.
    select
        {{- changed_columns(columns, {
            'line_type': 'case when not (' ~ is_sale ~ ' and ' ~ is_negative ~ ") then line_type"
                ~ " when quantity = 0 or sales_amount = 0 then 'adjustment' else 'return' end",
        }) }}
    from priced

),

signed as (

    -- A return takes back, whichever sign the source gives it.
    select
        {{- changed_columns(columns, taken_back) }}
    from typed

),

localised as (

    select
        *,
        {{ store_local_time('ordered_at', 'time_zone') }} as ordered_at_local
    from signed

),

rated as (

    select
        *,
        {{ exchange_rate('currency', 'ordered_at_local') }} as exchange_rate
    from localised

),

converted as (

    select
        {{- changed_columns(columns, converted) }},
        exchange_rate,
        ordered_at_local
    from rated

)

select
    *,
    {{ reject_reason(row_rules) }} as row_reason
from converted
