{{ config(enabled='complete_journey' in var('sources')) }}

with source as (

    select
        basket_id,
        product_id,
        household_id,
        store_id,
        transaction_timestamp,
        quantity,
        sales_value,
        retail_disc,
        coupon_match_disc,
        coupon_disc,
        _file,
        _row,
        _load_id,
        _loaded_at,
        -- Fuel comes in thousandths of a gallon: all that was sold from 50 on at less than a cent each.
        quantity >= 50 and sales_value + retail_disc + coupon_match_disc < 0.01 * quantity as is_pumped
    from {{ source('complete_journey', 'transactions') }}

),

renamed as (

    select
        {{ dmp.namespaced_id('cj', 'basket_id') }} || ':' || cast(product_id as string) as order_line_id,
        {{ dmp.namespaced_id('cj', 'basket_id') }} as order_id,
        {{ dmp.namespaced_id('cj', 'household_id') }} as customer_id,
        {{ dmp.namespaced_id('cj', 'product_id') }} as product_id,
        {{ dmp.namespaced_id('cj', 'store_id') }} as store_id,
        'complete_journey' as source,
        cast(transaction_timestamp as timestamp) as ordered_at,
        'America/New_York' as time_zone,
        try_cast(case when is_pumped then quantity / 1000.0 else quantity end as decimal(12, 3)) as quantity,
        case when is_pumped then 'gallon' else 'each' end as quantity_unit,
        'USD' as currency,
        -- The floats of the file carry binary noise only: cents are exact. Not a number becomes null, rejected later.
        try_cast(sales_value as {{ var('amount_type') }}) as sales_amount,
        try_cast(retail_disc as {{ var('amount_type') }}) as loyalty_discount_amount,
        try_cast(coupon_match_disc as {{ var('amount_type') }}) as coupon_match_discount_amount,
        try_cast(coupon_disc as {{ var('amount_type') }}) as coupon_discount_amount,
        cast(null as string) as product_name,
        cast(null as string) as line_type,
        cast(null as {{ var('amount_type') }}) as unit_price,
        cast(null as {{ var('amount_type') }}) as order_discount_amount,
        cast(null as {{ var('amount_type') }}) as order_tax_amount,
        cast(null as {{ var('amount_type') }}) as order_shipping_amount,
        cast(null as {{ var('amount_type') }}) as order_total_amount,
        cast(null as {{ var('amount_type') }}) as order_refunded_amount,
        cast(null as timestamp) as refunded_at,
        cast(null as string) as original_order_id,
        cast(null as string) as email,
        cast(null as string) as phone,
        cast(null as string) as loyalty_card,
        _file,
        _row,
        cast(_load_id as string) as _load_id,
        cast(_loaded_at as timestamp) as _loaded_at
    from source

)

select *
from renamed
