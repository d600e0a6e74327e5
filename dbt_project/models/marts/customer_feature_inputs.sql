with as_of as (

    select
        as_of_on,
        {{ add_days(week_start('as_of_on'), -7) }} as last_week_on
    from {{ ref('int_as_of_dates') }}

),

first_orders as (

    select
        identifier_id,
        min(order_on) as order_on
    from {{ ref('fct_orders') }}
    group by identifier_id

),

days as (

    select
        order_on as known_on,
        {{ content_hash([
            "'order'", 'order_id', 'identifier_id', 'store_id', 'hour_local', 'iso_weekday', 'has_sale', 'has_coupon',
            'units', 'product_count', 'sales_amount', 'list_amount', 'discount_amount', 'coupon_discount_amount',
        ]) }} as content_hash
    from {{ ref('fct_orders') }}
    group by order_on
    union all
    select
        order_lines.order_on as known_on,
        {{ content_hash([
            "'line'", 'order_lines.order_line_id', 'order_lines.identifier_id', 'order_lines.product_id',
            'order_lines.line_type', 'order_lines.sales_amount', 'order_lines.is_on_display',
            'order_lines.is_in_mailer', 'products.department', 'products.manufacturer_id', 'products.brand',
            'products.is_private_label',
        ]) }} as content_hash
    from {{ ref('fct_order_lines') }} as order_lines
    inner join {{ ref('dim_products') }} as products on order_lines.product_id = products.product_id
    group by order_lines.order_on
    union all
    -- A customer is read from the first order on.
    select
        first_orders.order_on as known_on,
        {{ content_hash([
            "'customer'", 'customers.customer_id', 'customers.has_demographics', 'customers.age_band',
            'customers.income_band', 'customers.home_ownership', 'customers.marital_status',
            'customers.household_size', 'customers.household_composition', 'customers.kids_count',
        ]) }} as content_hash
    from first_orders
    inner join {{ ref('int_customers') }} as customers on first_orders.identifier_id = customers.customer_id
    group by first_orders.order_on
    union all
    select
        touched_on as known_on,
        {{ content_hash(["'touch'", 'touch_id', 'source_customer_id', 'campaign_id', 'touch_type']) }} as content_hash
    from {{ ref('fct_touches') }}
    where touch_type in ('membership', 'redemption')
    group by touched_on

),

identities as (

    -- Who was one customer, by stretch of dates.
    select
        from_on,
        until_on,
        {{ content_hash(["'version'", 'identifier_id', 'customer_id', 'owned_from_at', 'owned_until_at']) }}
            as content_hash
    from {{ ref('customer_versions') }}
    group by from_on, until_on

),

known_identities as (

    select
        as_of.as_of_on,
        sum(identities.content_hash) as content_hash
    from as_of
    left join identities
        on
            as_of.as_of_on >= identities.from_on
            and (identities.until_on is null or as_of.as_of_on < identities.until_on)
    group by as_of.as_of_on

),

known as (

    select
        as_of.as_of_on,
        sum(days.content_hash) as content_hash
    from as_of
    left join days on as_of.as_of_on > days.known_on
    group by as_of.as_of_on

),

promotions as (

    -- Of the promotions, a date reads its last whole week; those of the bought lines are in the lines.
    select
        as_of.as_of_on,
        sum(stores.promotions_hash) as content_hash
    from as_of
    left join {{ ref('int_promotion_stores') }} as stores on as_of.last_week_on = stores.week_start_on
    group by as_of.as_of_on

)

select
    known.as_of_on,
    md5(
        coalesce(cast(known.content_hash as string), '')
        || ' ' || coalesce(cast(promotions.content_hash as string), '')
        || ' ' || coalesce(cast(known_identities.content_hash as string), '')
    ) as input_version
from known
inner join promotions on known.as_of_on = promotions.as_of_on
inner join known_identities on known.as_of_on = known_identities.as_of_on
