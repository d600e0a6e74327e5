{#- Departments and categories each add up to the total of every week, and no series skips a week or ends early. -#}
with weekly as (

    select * from {{ ref('fct_weekly_sales') }}

),

levels as (

    select
        week_start_on,
        round(sum(case when level = 'total' then sales_amount end), 2) as total_amount,
        round(sum(case when level = 'department' then sales_amount end), 2) as department_amount,
        round(sum(case when level = 'category' then sales_amount end), 2) as category_amount
    from weekly
    group by week_start_on

),

last_week as (

    select max(week_start_on) as week_start_on from weekly

),

series as (

    select
        weekly.series_id,
        {{ days_between('min(weekly.week_start_on)', 'max(last_week.week_start_on)') }} / 7 + 1 as expected_count,
        count(*) as week_count
    from weekly
    cross join last_week
    group by weekly.series_id

)

select
    cast(week_start_on as string) as failed,
    'levels do not add up' as reason
from levels
where total_amount <> department_amount or total_amount <> category_amount
union all
select
    series_id as failed,
    'weeks are missing' as reason
from series
where week_count <> expected_count
