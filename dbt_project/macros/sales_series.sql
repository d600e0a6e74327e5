{#-
    Sales by series and period, one row each without gaps: the body of fct_weekly_sales and fct_daily_sales.

    `period` is 'week' or 'day', `period_column` the date on which a period begins. A series goes from its first sale to
    the last period that has begun before the as-of date, whether or not anything was sold in it. A period is whole if
    all its days lie between `first_whole_on` (SQL over fct_orders) and the as-of date.
-#}
{% macro sales_series(period, period_column, first_whole_on) -%}
    {%- set series_ids = {
        'total': "'total'",
        'department': "'department:' || department",
        'category': "'category:' || product_category",
        'store': "'store:' || store_id",
    } -%}
    {%- set days = {'week': 7, 'day': 1}[period] -%}

with as_of as (

    select as_of_on from {{ ref('int_as_of') }}

),

sales as (

    -- Net sales: returns and fees too. Only a line with a sale counts an order; a free or coupon line has no sales. Orders and
    -- customers are only counted, so a number stands for each: of 200,000 orders in a week, two share one in a billion weeks.
    select
        case when order_lines.line_type = 'sale' then {{ row_hash(['order_lines.order_id']) }} end as order_hash,
        case
            when order_lines.line_type = 'sale' and order_lines.customer_id is not null
                then {{ row_hash(['order_lines.customer_id']) }}
        end as customer_hash,
        order_lines.store_id,
        order_lines.{{ 'week_start_on' if period == 'week' else 'order_on' }} as {{ period_column }},
        products.department,
        products.product_category,
        sum(order_lines.sales_amount) as sales_amount
    from {{ ref('fct_order_lines') }} as order_lines
    inner join {{ ref('dim_products') }} as products on order_lines.product_id = products.product_id
    inner join as_of on order_lines.order_on < as_of.as_of_on
    where order_lines.sales_amount <> 0
    group by 1, 2, 3, 4, 5, 6

),

sold as (
    {% for level, series_id in series_ids.items() %}
        select
            '{{ level }}' as level,
            {{ series_id }} as series_id,
            {{ period_column }},
            sum(sales_amount) as sales_amount,
            count(distinct order_hash) as order_count,
            count(distinct customer_hash) as customer_count
        from sales
        group by {{ series_id }}, {{ period_column }}
        {{ 'union all' if not loop.last }}
    {%- endfor %}

),

series as (

    select
        sold.level,
        sold.series_id,
        min(sold.{{ period_column }}) as first_on,
        {% if period == 'week' -%}
            {{ week_start(add_days('max(as_of.as_of_on)', -1)) }} as last_on
        {%- else -%}
            {{ add_days('max(as_of.as_of_on)', -1) }} as last_on
        {%- endif %}
    from sold
    cross join as_of
    group by sold.level, sold.series_id

),

spine as (

    select
        level,
        series_id,
        {{ unnest_dates('first_on', 'last_on', days) }} as {{ period_column }}
    from series

),

observed as (

    select
        {{ first_whole_on }} as first_whole_on,
        max(as_of.as_of_on) as as_of_on
    from {{ ref('fct_orders') }} as orders
    cross join as_of

)

select
    spine.level,
    spine.series_id,
    spine.{{ period_column }},
    -- The exact sum of cents, then a double for the forecasting libraries.
    cast(coalesce(sold.sales_amount, 0) as double) as sales_amount,
    cast(coalesce(sold.order_count, 0) as integer) as order_count,
    cast(coalesce(sold.customer_count, 0) as integer) as customer_count,
    spine.{{ period_column }} >= observed.first_whole_on
    and {{ add_days('spine.' ~ period_column, days) }} <= observed.as_of_on as is_whole_{{ period }}
from spine
cross join observed
left join sold
    on
        spine.series_id = sold.series_id
        and spine.{{ period_column }} = sold.{{ period_column }}
{%- endmacro %}
