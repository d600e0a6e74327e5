{%- set series_ids = {
    'total': "'total'",
    'department': "'department:' || department",
    'category': "'category:' || product_category",
} -%}

with as_of as (

    select as_of_on from {{ ref('int_as_of') }}

),

sales as (

    -- Only lines with a sale: a free or coupon line has no sales and would count an order that has none.
    select
        order_lines.order_id,
        order_lines.customer_id,
        order_lines.week_start_on,
        products.department,
        products.product_category,
        order_lines.sales_amount
    from {{ ref('fct_order_lines') }} as order_lines
    inner join {{ ref('dim_products') }} as products on order_lines.product_id = products.product_id
    inner join as_of on order_lines.order_on < as_of.as_of_on
    where order_lines.line_type = 'sale'

),

weekly as (
    {% for level, series_id in series_ids.items() %}
        select
            '{{ level }}' as level,
            {{ series_id }} as series_id,
            week_start_on,
            sum(sales_amount) as sales_amount,
            count(distinct order_id) as order_count,
            count(distinct customer_id) as customer_count
        from sales
        group by {{ series_id }}, week_start_on
        {{ 'union all' if not loop.last }}
    {%- endfor %}

),

series as (

    select
        weekly.level,
        weekly.series_id,
        min(weekly.week_start_on) as first_week_on,
        -- The last week that has begun before the as-of date, whether or not anything was sold in it.
        {{ week_start(add_days('max(as_of.as_of_on)', -1)) }} as last_week_on
    from weekly
    cross join as_of
    group by weekly.level, weekly.series_id

),

spine as (

    select
        level,
        series_id,
        {{ unnest_weeks('first_week_on', 'last_week_on') }} as week_start_on
    from series

),

observed as (

    select
        min(orders.order_on) as first_order_on,
        max(as_of.as_of_on) as as_of_on
    from {{ ref('fct_orders') }} as orders
    cross join as_of

)

select
    spine.level,
    spine.series_id,
    spine.week_start_on,
    -- The exact sum of cents, then a double for the forecasting libraries.
    cast(coalesce(weekly.sales_amount, 0) as double) as sales_amount,
    cast(coalesce(weekly.order_count, 0) as integer) as order_count,
    cast(coalesce(weekly.customer_count, 0) as integer) as customer_count,
    spine.week_start_on >= observed.first_order_on
    and {{ add_days('spine.week_start_on', 7) }} <= observed.as_of_on as is_whole_week
from spine
cross join observed
left join weekly
    on
        spine.series_id = weekly.series_id
        and spine.week_start_on = weekly.week_start_on
