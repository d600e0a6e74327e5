with order_lines as (

    select * from {{ ref('int_order_lines') }}

),

promotions as (

    select * from {{ ref('int_promotions') }}

),

observed_stores as (

    select
        store_id,
        week_start_on
    from {{ ref('int_promotion_stores') }}

)

select
    order_lines.order_line_id,
    order_lines.order_id,
    order_lines.customer_id,
    order_lines.source_customer_id,
    order_lines.identifier_id,
    order_lines.product_id,
    order_lines.store_id,
    order_lines.source,
    order_lines.ordered_at,
    order_lines.ordered_at_local,
    order_lines.order_on,
    order_lines.week_start_on,
    order_lines.line_type,
    order_lines.quantity,
    order_lines.quantity_unit,
    order_lines.units,
    order_lines.currency,
    order_lines.sales_amount,
    order_lines.list_amount,
    order_lines.paid_amount,
    order_lines.loyalty_discount_amount,
    order_lines.coupon_match_discount_amount,
    order_lines.coupon_discount_amount,
    order_lines.discount_amount,
    order_lines.tax_amount,
    order_lines.shipping_amount,
    order_lines.uncounted_amount,
    order_lines.is_quantity_filled,
    order_lines.original_order_id,
    coalesce(order_lines.returned_line_id, return_links.returned_line_id) as returned_line_id,
    -- In an observed store and week, a product without a promotion row was not promoted; elsewhere nothing is known.
    case when observed_stores.store_id is not null then coalesce(promotions.is_on_display, false) end as is_on_display,
    case when observed_stores.store_id is not null then coalesce(promotions.is_in_mailer, false) end as is_in_mailer
from order_lines
left join observed_stores
    on
        order_lines.store_id = observed_stores.store_id
        and order_lines.week_start_on = observed_stores.week_start_on
left join promotions
    on
        order_lines.product_id = promotions.product_id
        and order_lines.store_id = promotions.store_id
        and order_lines.week_start_on = promotions.week_start_on
left join {{ ref('int_return_links') }} as return_links on order_lines.order_line_id = return_links.order_line_id
