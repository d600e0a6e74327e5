{{ config(materialized='table') }}

with as_of as (

    select as_of_on from {{ ref('int_as_of') }}

),

bounds as (

    -- From the first Monday with a whole week of data before it to the last Monday before the present date.
    select
        {{ add_days(week_start(add_days('min(order_lines.order_on)', 6)), 7) }} as first_monday_on,
        {{ week_start(add_days('max(as_of.as_of_on)', -1)) }} as last_monday_on
    from {{ ref('int_order_lines') }} as order_lines
    cross join as_of

),

mondays as (

    select
        first_monday_on,
        {{ unnest_dates('first_monday_on', 'last_monday_on', 7) }} as as_of_on
    from bounds
    where first_monday_on <= last_monday_on

)

select
    as_of_on,
    false as is_present
from mondays
where mod({{ days_between('first_monday_on', 'as_of_on') }}, 7 * {{ var('feature_step_weeks') }}) = 0
union all
select
    as_of_on,
    true as is_present
from as_of
