with order_lines as (

    select * from {{ ref('fct_order_lines') }}

),

orders as (

    select
        order_id,
        -- One customer and source per order (tested): min takes it. Lines that were rung up later or at another store
        -- belong to the order's first time.
        min(customer_id) as customer_id,
        min(source_customer_id) as source_customer_id,
        min(identifier_id) as identifier_id,
        min(store_id) as store_id,
        min(source) as source,
        min(ordered_at) as ordered_at,
        min(ordered_at_local) as ordered_at_local,
        count(*) as line_count,
        count(distinct case when line_type in ('sale', 'free') then product_id end) as product_count,
        sum(units) as units,
        sum(sales_amount) as sales_amount,
        sum(case when line_type in ('return', 'cancellation') then -sales_amount else 0 end) as returned_amount,
        sum(case when line_type = 'fee' then sales_amount else 0 end) as fee_amount,
        sum(list_amount) as list_amount,
        sum(paid_amount) as paid_amount,
        sum(coupon_discount_amount) as coupon_discount_amount,
        sum(discount_amount) as discount_amount,
        sum(tax_amount) as tax_amount,
        sum(shipping_amount) as shipping_amount,
        max(original_order_id) as original_order_id,
        bool_or(line_type in ('sale', 'free', 'coupon')) as is_purchase,
        bool_or(line_type = 'sale') as has_sale,
        bool_or(coupon_discount_amount > 0) as has_coupon
    from order_lines
    group by order_id

)

select
    order_id,
    customer_id,
    source_customer_id,
    identifier_id,
    store_id,
    source,
    ordered_at,
    ordered_at_local,
    cast(ordered_at_local as date) as order_on,
    {{ week_start('ordered_at_local') }} as week_start_on,
    cast(extract(hour from ordered_at_local) as integer) as hour_local,
    {{ iso_weekday('ordered_at_local') }} as iso_weekday,
    cast(line_count as integer) as line_count,
    cast(product_count as integer) as product_count,
    cast(units as integer) as units,
    cast(sales_amount as {{ var('amount_type') }}) as sales_amount,
    cast(sales_amount + returned_amount as {{ var('amount_type') }}) as gross_sales_amount,
    cast(returned_amount as {{ var('amount_type') }}) as returned_amount,
    cast(fee_amount as {{ var('amount_type') }}) as fee_amount,
    cast(list_amount as {{ var('amount_type') }}) as list_amount,
    cast(paid_amount as {{ var('amount_type') }}) as paid_amount,
    cast(coupon_discount_amount as {{ var('amount_type') }}) as coupon_discount_amount,
    cast(discount_amount as {{ var('amount_type') }}) as discount_amount,
    cast(tax_amount as {{ var('amount_type') }}) as tax_amount,
    cast(shipping_amount as {{ var('amount_type') }}) as shipping_amount,
    original_order_id,
    is_purchase,
    has_sale,
    has_coupon
from orders
