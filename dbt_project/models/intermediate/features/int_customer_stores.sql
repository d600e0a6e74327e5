{{ config(materialized='ephemeral') }}

with customers as (

    select * from {{ ref('int_feature_customers') }}

),

visits as (

    select
        version_id,
        seen_on,
        store_id,
        count(*) as visit_count,
        -- Visits first, then sales: one number that is largest for the favourite (sales stay below 10^12).
        count(*) * cast(1000000000000 as decimal(38, 2)) + sum(sales_amount) as visits_then_sales
    from {{ ref('int_feature_orders') }}
    where is_purchase
    group by version_id, seen_on, store_id

),

favourites as (

    {{ leaders('visits', key='store_id', value='visits_then_sales') }}

),

counted as (

    select
        version_id,
        seen_on,
        sum(visit_count) as visit_count,
        sum(store_count) as store_count
    from (
        select
            version_id,
            seen_on,
            visit_count,
            case when row_number() over (partition by version_id, store_id order by seen_on) = 1 then 1 else 0 end
                as store_count
        from visits
    ) as firsts
    group by version_id, seen_on

),

known as (

    {{ sums_so_far('counted', ['visit_count', 'store_count']) }}

)

select
    customers.version_id,
    customers.as_of_on,
    favourites.store_id as favourite_store_id,
    {{ ratio('floor(favourites.visits_then_sales / 1000000000000)', 'known.visit_count') }} as favourite_store_share,
    cast(known.store_count as integer) as store_count
from customers
inner join known on customers.version_id = known.version_id and customers.as_of_on = known.as_of_on
inner join favourites on customers.version_id = favourites.version_id and customers.seen_on = favourites.seen_on
