{#-
    Departments, categories and stores each add up to the total of every week and day, no series skips a period or ends
    early, and the days of a week add up to the week.
-#}
{{ config(meta={'dagster': {'ref': {'name': 'fct_daily_sales'}}}) }}

with periods as (

    select
        'week' as period,
        7 as days,
        level,
        series_id,
        week_start_on as period_on,
        sales_amount
    from {{ ref('fct_weekly_sales') }}
    union all
    select
        'day' as period,
        1 as days,
        level,
        series_id,
        sold_on as period_on,
        sales_amount
    from {{ ref('fct_daily_sales') }}

),

levels as (

    select
        period,
        period_on,
        round(sum(case when level = 'total' then sales_amount end), 2) as total_amount,
        round(sum(case when level = 'department' then sales_amount end), 2) as department_amount,
        round(sum(case when level = 'category' then sales_amount end), 2) as category_amount,
        round(sum(case when level = 'store' then sales_amount end), 2) as store_amount
    from periods
    group by period, period_on

),

last_periods as (

    select
        period,
        max(period_on) as period_on
    from periods
    group by period

),

series as (

    select
        periods.period,
        periods.series_id,
        {{ days_between('min(periods.period_on)', 'max(last_periods.period_on)') }} / max(periods.days)
        + 1 as expected_count,
        count(*) as period_count
    from periods
    inner join last_periods on periods.period = last_periods.period
    group by periods.period, periods.series_id

),

amounts as (

    select
        level,
        round(sum(case when period = 'week' then sales_amount end), 2) as weekly_amount,
        round(sum(case when period = 'day' then sales_amount end), 2) as daily_amount
    from periods
    group by level

)

select
    cast(period_on as string) as failed,
    'levels do not add up' as reason
from levels
where total_amount <> department_amount or total_amount <> category_amount or total_amount <> store_amount
union all
select
    series_id as failed,
    period || 's are missing' as reason
from series
where period_count <> expected_count
union all
select
    level as failed,
    'days do not add up to weeks' as reason
from amounts
where weekly_amount <> daily_amount
