{{ config(materialized='ephemeral') }}

{%- set windows = var('feature_windows') %}

with dates as (

    select as_of_on from {{ ref('int_feature_dates') }}

),

order_days as (

    select
        customer_id,
        order_on,
        count(*) filter (where has_sale) as order_count,
        sum(sales_amount) as sales_amount
    from {{ ref('int_feature_orders') }}
    group by customer_id, order_on

)

-- Customers without an order in the longest window have no row.
select
    dates.as_of_on,
    {%- for window in windows %}
        {%- set in_window = 'order_days.order_on >= ' ~ add_days('dates.as_of_on', '-' ~ window) %}
        sum(case when {{ in_window }} then order_days.order_count else 0 end) as order_count_{{ window }}d,
        sum(case when {{ in_window }} then order_days.sales_amount else 0 end) as sales_amount_{{ window }}d,
    {%- endfor %}
    order_days.customer_id
from order_days
inner join dates
    on
        order_days.order_on < dates.as_of_on
        and order_days.order_on >= {{ add_days('dates.as_of_on', '-' ~ windows | max) }}
group by order_days.customer_id, dates.as_of_on
