{{ config(materialized='ephemeral') }}

{%- set measures = [
    'visit_count', 'frequency', 'coupon_order_count', 'sales_amount', 'list_amount', 'discount_amount',
    'coupon_discount_amount', 'units', 'product_count',
] %}

with customers as (

    select * from {{ ref('int_feature_customers') }}

),

sums as (

    select
        version_id,
        seen_on,
        count(*) filter (where is_purchase) as visit_count,
        count(*) filter (where has_sale) as frequency,
        count(*) filter (where has_coupon) as coupon_order_count,
        sum(sales_amount) as sales_amount,
        coalesce(sum(list_amount) filter (where is_purchase), 0) as list_amount,
        coalesce(sum(discount_amount) filter (where is_purchase), 0) as discount_amount,
        coalesce(sum(coupon_discount_amount) filter (where is_purchase), 0) as coupon_discount_amount,
        coalesce(sum(units) filter (where has_sale), 0) as units,
        coalesce(sum(product_count) filter (where has_sale), 0) as product_count
    from {{ ref('int_feature_orders') }}
    group by version_id, seen_on

),

known as (

    {{ sums_so_far('sums', measures) }}

)

select
    version_id,
    as_of_on,
    cast(frequency as integer) as frequency,
    cast(sales_amount as {{ var('amount_type') }}) as monetary_amount,
    {{ ratio('sales_amount', 'frequency') }} as average_order_amount,
    {{ ratio('units', 'frequency') }} as average_order_units,
    {{ ratio('product_count', 'frequency') }} as average_order_products,
    {{ ratio('discount_amount', 'list_amount') }} as discount_share,
    {{ ratio('coupon_discount_amount', 'list_amount') }} as coupon_share,
    {{ ratio('coupon_order_count', 'visit_count') }} as coupon_order_share
from known
