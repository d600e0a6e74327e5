{{ config(materialized='ephemeral') }}

with versions as (

    select * from {{ ref('int_feature_versions') }}

)

select
    greatest(days.seen_on, versions.seen_on) as seen_on,
    versions.version_id,
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
inner join {{ ref('int_feature_days') }} as days on order_lines.order_on = days.order_on
inner join versions
    on
        order_lines.identifier_id = versions.identifier_id
        and (versions.until_on is null or days.seen_on < versions.until_on)
        and (versions.owned_from_at is null or order_lines.ordered_at >= versions.owned_from_at)
        and (versions.owned_until_at is null or order_lines.ordered_at < versions.owned_until_at)
inner join {{ ref('dim_products') }} as products on order_lines.product_id = products.product_id
where order_lines.line_type in ('sale', 'free', 'coupon')
