{{ config(materialized='ephemeral') }}

with days as (

    select distinct
        order_on,
        seen_on
    from {{ ref('int_feature_orders') }}

)

select
    days.seen_on,
    order_lines.customer_id,
    order_lines.product_id,
    products.department,
    products.manufacturer_id,
    products.is_private_label,
    not products.is_private_label and products.brand <> 'Unknown' as is_national_brand,
    order_lines.line_type in ('sale', 'free') as is_bought,
    greatest(order_lines.sales_amount, 0) as sales_amount,
    order_lines.is_on_display,
    order_lines.is_in_mailer
from {{ ref('fct_order_lines') }} as order_lines
inner join days on order_lines.order_on = days.order_on
inner join {{ ref('dim_products') }} as products on order_lines.product_id = products.product_id
where order_lines.customer_id is not null and order_lines.line_type in ('sale', 'free', 'coupon')
