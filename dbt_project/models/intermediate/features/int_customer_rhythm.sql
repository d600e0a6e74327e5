{{ config(materialized='ephemeral') }}

with customers as (

    select * from {{ ref('int_feature_customers') }}

),

order_days as (

    select distinct
        version_id,
        seen_on,
        order_on
    from {{ ref('int_feature_orders') }}
    where is_purchase

),

gaps as (

    select
        version_id,
        seen_on,
        order_on,
        {{ days_between('lag(order_on) over (partition by version_id order by order_on)', 'order_on') }} as gap_days
    from order_days

),

sums as (

    select
        version_id,
        seen_on,
        min(order_on) as first_order_on,
        max(order_on) as last_order_on,
        count(gap_days) as gap_count,
        coalesce(sum(gap_days), 0) as gap_days,
        coalesce(sum(gap_days * gap_days), 0) as gap_days_squared
    from gaps
    group by version_id, seen_on

),

known as (

    {{ sums_so_far(
        'sums', ['first_order_on', 'last_order_on', 'gap_count', 'gap_days', 'gap_days_squared'],
        functions={'first_order_on': 'min', 'last_order_on': 'max'},
    ) }}

),

spread as (

    select
        version_id,
        as_of_on,
        {{ days_between('last_order_on', 'as_of_on') }} as recency_days,
        {{ days_between('first_order_on', 'as_of_on') }} as tenure_days,
        {{ ratio('gap_days', 'gap_count') }} as gap_days_mean,
        -- Sums of whole days are exact whatever their order; the variance follows from them:
        -- (n * sum(x^2) - sum(x)^2) / (n * (n - 1)).
        sqrt(
            {{ ratio('gap_count * gap_days_squared - gap_days * gap_days', 'gap_count * (gap_count - 1)') }}
        ) as gap_days_sd
    from known

)

select
    version_id,
    as_of_on,
    recency_days,
    tenure_days,
    gap_days_mean as inter_purchase_days_mean,
    gap_days_sd as inter_purchase_days_sd,
    {{ ratio('gap_days_sd', 'gap_days_mean') }} as inter_purchase_days_cv,
    {{ ratio('recency_days', 'gap_days_mean') }} as overdue_ratio
from spread
