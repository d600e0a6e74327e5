{{ config(materialized='ephemeral') }}

{%- set windows = var('feature_windows') -%}
{%- set measures = ['order_count', 'sales_amount'] %}

with days as (

    -- A day of orders and a date are rows of one window, in which a date sees the days before it.
    select
        version_id,
        order_on as day_on,
        false as is_date,
        count(*) filter (where has_sale) as order_count,
        sum(sales_amount) as sales_amount
    from {{ ref('int_feature_orders') }}
    group by version_id, order_on
    union all
    select
        version_id,
        as_of_on as day_on,
        true as is_date,
        null as order_count,
        null as sales_amount
    from {{ ref('int_feature_customers') }}

),

numbered as (

    select
        *,
        {{ days_between("date '1970-01-01'", 'day_on') }} as day_number
    from days

),

summed as (

    select
        version_id,
        day_on as as_of_on,
        {%- for window in windows %}
            {%- for measure in measures %}
                sum({{ measure }}) over (
                    partition by version_id
                    order by day_number
                    range between {{ window }} preceding and 1 preceding
                ) as {{ measure }}_{{ window }}d,
            {%- endfor %}
        {%- endfor %}
        is_date
    from numbered

)

-- Null where a window has no order.
select
    {%- for window in windows %}
        order_count_{{ window }}d,
        sales_amount_{{ window }}d,
    {%- endfor %}
    version_id,
    as_of_on
from summed
where is_date
