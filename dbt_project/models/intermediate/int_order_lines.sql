with accepted as (

    select
        *,
        coalesce(quantity_unit, 'each') <> 'each' as is_measured,
        quantity = 0
        and sales_amount = 0
        and loyalty_discount_amount = 0
        and coupon_discount_amount > 0 as is_coupon_line,
        cast(sales_amount + loyalty_discount_amount + coupon_match_discount_amount as {{ var('amount_type') }}) as list_amount,
        cast(sales_amount - coupon_discount_amount as {{ var('amount_type') }}) as paid_amount
    from {{ ref('int_order_lines_checked') }}
    where reject_reason is null

),

classified as (

    select
        *,
        quantity = 0 and not is_coupon_line as is_quantity_filled
    from accepted

)

select
    order_line_id,
    order_id,
    customer_id,
    product_id,
    store_id,
    source,
    ordered_at,
    ordered_at_local,
    cast(ordered_at_local as date) as order_on,
    {{ week_start('ordered_at_local') }} as week_start_on,
    case
        when is_coupon_line then 'coupon'
        when sales_amount = 0 then 'free'
        else 'sale'
    end as line_type,
    case when is_quantity_filled then cast(1 as decimal(12, 3)) else quantity end as quantity,
    coalesce(quantity_unit, 'each') as quantity_unit,
    case when is_quantity_filled or is_measured then 1 else cast(quantity as integer) end as units,
    currency,
    sales_amount,
    list_amount,
    paid_amount,
    loyalty_discount_amount,
    coupon_match_discount_amount,
    coupon_discount_amount,
    cast(list_amount - paid_amount as {{ var('amount_type') }}) as discount_amount,
    is_quantity_filled
from classified
