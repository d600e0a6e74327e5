-- Point in time: every number reads only rows dated before as_of_on. Nothing here knows how many as-of dates there
-- are, so int_as_of may hold several.
{%- set windows = var('feature_windows') %}

with as_of as (

    select as_of_on from {{ ref('int_as_of') }}

),

orders as (

    select
        as_of.as_of_on,
        orders.customer_id,
        orders.order_id,
        orders.store_id,
        orders.order_on,
        orders.hour_local,
        orders.iso_weekday,
        orders.has_sale,
        orders.units,
        orders.product_count,
        orders.sales_amount,
        orders.list_amount,
        orders.discount_amount,
        orders.coupon_discount_amount,
        {{ days_between('orders.order_on', 'as_of.as_of_on') }} as days_ago
    from {{ ref('fct_orders') }} as orders
    inner join as_of on orders.order_on < as_of.as_of_on

),

order_totals as (

    select
        as_of_on,
        customer_id,
        count(*) as visit_count,
        min(days_ago) as recency_days,
        max(days_ago) as tenure_days,
        count(*) filter (where has_sale) as frequency,
        sum(sales_amount) as monetary_amount,
        sum(list_amount) as list_amount,
        sum(discount_amount) as discount_amount,
        sum(coupon_discount_amount) as coupon_discount_amount,
        sum(units) filter (where has_sale) as units,
        sum(product_count) filter (where has_sale) as order_product_count,
        {%- for window in windows %}
            count(*) filter (where has_sale and days_ago <= {{ window }}) as order_count_{{ window }}d,
            coalesce(sum(sales_amount) filter (where days_ago <= {{ window }}), 0) as sales_amount_{{ window }}d,
        {%- endfor %}
        count(*) filter (
            where hour_local >= {{ var('morning_starts_at') }} and hour_local < {{ var('afternoon_starts_at') }}
        ) as morning_count,
        count(*) filter (
            where hour_local >= {{ var('afternoon_starts_at') }} and hour_local < {{ var('evening_starts_at') }}
        ) as afternoon_count,
        count(*) filter (
            where hour_local >= {{ var('evening_starts_at') }} and hour_local < {{ var('night_starts_at') }}
        ) as evening_count,
        count(*) filter (
            where hour_local >= {{ var('night_starts_at') }} or hour_local < {{ var('morning_starts_at') }}
        ) as night_count,
        count(*) filter (where iso_weekday >= 6) as weekend_count
    from orders
    group by as_of_on, customer_id

),

order_days as (

    select distinct
        as_of_on,
        customer_id,
        days_ago
    from orders

),

gaps as (

    select
        as_of_on,
        customer_id,
        lag(days_ago) over (partition by as_of_on, customer_id order by days_ago desc) - days_ago as gap_days
    from order_days

),

inter_purchase as (

    -- Sums of whole days are exact whatever their order; the variance follows from them:
    -- (n * sum(x^2) - sum(x)^2) / (n * (n - 1)).
    select
        as_of_on,
        customer_id,
        {{ ratio('sum(gap_days)', 'count(gap_days)') }} as days_mean,
        sqrt({{ ratio(
            'count(gap_days) * sum(gap_days * gap_days) - sum(gap_days) * sum(gap_days)',
            'count(gap_days) * (count(gap_days) - 1)'
        ) }}) as days_sd
    from gaps
    group by as_of_on, customer_id

),

store_ranks as (

    select
        as_of_on,
        customer_id,
        store_id,
        count(*) as store_visit_count,
        count(*) over (partition by as_of_on, customer_id) as store_count,
        row_number() over (
            partition by as_of_on, customer_id order by count(*) desc, sum(sales_amount) desc, store_id asc
        ) as store_rank
    from orders
    group by as_of_on, customer_id, store_id

),

customer_products as (

    select
        as_of.as_of_on,
        order_lines.customer_id,
        order_lines.product_id,
        bool_or(order_lines.line_type <> 'coupon') as is_bought,
        sum(order_lines.sales_amount) as sales_amount,
        count(order_lines.is_on_display) filter (where order_lines.line_type <> 'coupon') as observed_line_count,
        count(*) filter (where order_lines.line_type <> 'coupon' and order_lines.is_on_display) as display_line_count,
        count(*) filter (where order_lines.line_type <> 'coupon' and order_lines.is_in_mailer) as mailer_line_count
    from {{ ref('fct_order_lines') }} as order_lines
    inner join as_of on order_lines.order_on < as_of.as_of_on
    group by as_of.as_of_on, order_lines.customer_id, order_lines.product_id

),

customer_departments as (

    select
        customer_products.as_of_on,
        customer_products.customer_id,
        products.department,
        count(*) filter (where customer_products.is_bought) as product_count,
        sum(customer_products.sales_amount) as sales_amount,
        sum(customer_products.sales_amount) filter (where products.is_private_label) as private_label_amount,
        sum(customer_products.observed_line_count) as observed_line_count,
        sum(customer_products.display_line_count) as display_line_count,
        sum(customer_products.mailer_line_count) as mailer_line_count
    from customer_products
    inner join {{ ref('dim_products') }} as products on customer_products.product_id = products.product_id
    group by customer_products.as_of_on, customer_products.customer_id, products.department

),

department_ranks as (

    select
        *,
        row_number() over (
            partition by as_of_on, customer_id order by sales_amount desc, department asc
        ) as department_rank
    from customer_departments

),

assortment as (

    select
        as_of_on,
        customer_id,
        sum(product_count) as product_count,
        count(*) filter (where product_count > 0) as department_count,
        max(case when department_rank = 1 and sales_amount > 0 then department end) as favourite_department,
        max(case when department_rank = 1 and sales_amount > 0 then sales_amount end) as favourite_department_amount,
        coalesce(sum(private_label_amount), 0) as private_label_amount,
        sum(observed_line_count) as observed_line_count,
        sum(display_line_count) as display_line_count,
        sum(mailer_line_count) as mailer_line_count
    from department_ranks
    group by as_of_on, customer_id

),

touches as (

    select
        as_of.as_of_on,
        touches.customer_id,
        count(distinct case when touches.touch_type = 'membership' then touches.campaign_id end) as campaign_count,
        count(*) filter (where touches.touch_type = 'redemption') as redemption_count
    from {{ ref('fct_touches') }} as touches
    inner join as_of on touches.touched_on < as_of.as_of_on
    group by as_of.as_of_on, touches.customer_id

)

select
    order_totals.customer_id,
    order_totals.as_of_on,
    order_totals.recency_days,
    cast(order_totals.frequency as integer) as frequency,
    cast(order_totals.monetary_amount as decimal(12, 2)) as monetary_amount,
    order_totals.tenure_days,
    inter_purchase.days_mean as inter_purchase_days_mean,
    inter_purchase.days_sd as inter_purchase_days_sd,
    {%- for window in windows %}
        cast(order_totals.order_count_{{ window }}d as integer) as order_count_{{ window }}d,
    {%- endfor %}
    {%- for window in windows %}
        cast(order_totals.sales_amount_{{ window }}d as decimal(12, 2)) as sales_amount_{{ window }}d,
    {%- endfor %}
    {{ ratio('order_totals.monetary_amount', 'order_totals.frequency') }} as average_order_amount,
    {{ ratio('order_totals.units', 'order_totals.frequency') }} as average_order_units,
    {{ ratio('order_totals.order_product_count', 'order_totals.frequency') }} as average_order_products,
    cast(assortment.product_count as integer) as product_count,
    cast(assortment.department_count as integer) as department_count,
    assortment.favourite_department,
    {{ ratio('assortment.favourite_department_amount', 'order_totals.monetary_amount') }} as favourite_department_share,
    store_ranks.store_id as favourite_store_id,
    {{ ratio('store_ranks.store_visit_count', 'order_totals.visit_count') }} as favourite_store_share,
    cast(store_ranks.store_count as integer) as store_count,
    {{ ratio('order_totals.discount_amount', 'order_totals.list_amount') }} as discount_share,
    {{ ratio('order_totals.coupon_discount_amount', 'order_totals.list_amount') }} as coupon_share,
    {{ ratio('assortment.private_label_amount', 'order_totals.monetary_amount') }} as private_label_share,
    {{ ratio('assortment.display_line_count', 'assortment.observed_line_count') }} as display_share,
    {{ ratio('assortment.mailer_line_count', 'assortment.observed_line_count') }} as mailer_share,
    {{ ratio('order_totals.morning_count', 'order_totals.visit_count') }} as morning_share,
    {{ ratio('order_totals.afternoon_count', 'order_totals.visit_count') }} as afternoon_share,
    {{ ratio('order_totals.evening_count', 'order_totals.visit_count') }} as evening_share,
    {{ ratio('order_totals.night_count', 'order_totals.visit_count') }} as night_share,
    {{ ratio('order_totals.weekend_count', 'order_totals.visit_count') }} as weekend_share,
    cast(coalesce(touches.campaign_count, 0) as integer) as campaign_count,
    cast(coalesce(touches.redemption_count, 0) as integer) as redemption_count
from order_totals
inner join store_ranks
    on
        order_totals.customer_id = store_ranks.customer_id
        and order_totals.as_of_on = store_ranks.as_of_on
        and store_ranks.store_rank = 1
inner join assortment
    on
        order_totals.customer_id = assortment.customer_id
        and order_totals.as_of_on = assortment.as_of_on
inner join inter_purchase
    on
        order_totals.customer_id = inter_purchase.customer_id
        and order_totals.as_of_on = inter_purchase.as_of_on
left join touches
    on
        order_totals.customer_id = touches.customer_id
        and order_totals.as_of_on = touches.as_of_on
