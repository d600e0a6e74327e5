{{ config(materialized='ephemeral') }}

with customers as (

    select * from {{ ref('int_feature_customers') }}

),

line_sums as (

    select
        version_id,
        seen_on,
        count(is_on_display) filter (where is_bought) as observed_count,
        count(*) filter (where is_bought and is_on_display) as display_count,
        count(*) filter (where is_bought and is_in_mailer) as mailer_count
    from {{ ref('int_feature_lines') }}
    group by version_id, seen_on

),

known_lines as (

    {{ sums_so_far('line_sums', ['observed_count', 'display_count', 'mailer_count']) }}

),

dates as (

    select
        as_of_on,
        {{ add_days(week_start('as_of_on'), -7) }} as last_week_on
    from {{ ref('int_feature_dates') }}

),

observed as (

    -- Customers whose favourite store the promotion data observe in the last whole week.
    select
        stores.version_id,
        stores.as_of_on,
        observed_stores.store_id
    from {{ ref('int_customer_stores') }} as stores
    inner join dates on stores.as_of_on = dates.as_of_on
    inner join {{ ref('int_promotion_stores') }} as observed_stores
        on stores.favourite_store_id = observed_stores.store_id and dates.last_week_on = observed_stores.week_start_on

),

store_customers as (

    select distinct
        version_id,
        store_id
    from observed

),

products as (

    select * from {{ ref('int_feature_products') }}

),

store_products as (

    select
        store_customers.version_id,
        store_customers.store_id,
        products.product_id,
        products.seen_on
    from store_customers
    inner join products on store_customers.version_id = products.version_id

),

candidates as (

    -- A number for each: four million rows are then grouped and joined by it and not by two texts.
    select
        store_id,
        product_id,
        row_number() over (order by store_id, product_id) as candidate
    from store_products
    group by store_id, product_id

),

staged_promotions as (

    {{ union_sources('promotions') }}

),

promotions as (

    -- The 20.9 million promotion rows are cut down to what may matter before anything else is done with them. As in
    -- int_promotions the newest load of a key counts, and one of its rows carries the display, the other the mailer.
    select
        dates.as_of_on,
        candidates.candidate,
        coalesce(
            max(case when promotions.is_on_display then promotions._loaded_at end) = max(promotions._loaded_at), false
        ) as is_on_display,
        coalesce(
            max(case when promotions.is_in_mailer then promotions._loaded_at end) = max(promotions._loaded_at), false
        ) as is_in_mailer
    from staged_promotions as promotions
    inner join dates on promotions.week_start_on = dates.last_week_on
    inner join candidates
        on promotions.store_id = candidates.store_id and promotions.product_id = candidates.product_id
    group by dates.as_of_on, candidates.candidate

),

exposures as (

    select
        store_products.version_id,
        store_products.store_id,
        promotions.as_of_on,
        count(*) filter (where promotions.is_on_display) as display_count,
        count(*) filter (where promotions.is_in_mailer) as mailer_count
    from store_products
    inner join candidates
        on store_products.store_id = candidates.store_id and store_products.product_id = candidates.product_id
    inner join promotions
        on candidates.candidate = promotions.candidate and store_products.seen_on <= promotions.as_of_on
    group by store_products.version_id, store_products.store_id, promotions.as_of_on

)

-- The number of products is null where the promotion data do not observe the favourite store.
select
    customers.version_id,
    customers.as_of_on,
    {{ ratio('known_lines.display_count', 'known_lines.observed_count') }} as display_share,
    {{ ratio('known_lines.mailer_count', 'known_lines.observed_count') }} as mailer_share,
    case
        when observed.store_id is not null then cast(coalesce(exposures.display_count, 0) as integer)
    end as display_product_count,
    case
        when observed.store_id is not null then cast(coalesce(exposures.mailer_count, 0) as integer)
    end as mailer_product_count
from customers
inner join known_lines
    on customers.version_id = known_lines.version_id and customers.as_of_on = known_lines.as_of_on
left join observed on customers.version_id = observed.version_id and customers.as_of_on = observed.as_of_on
left join exposures
    on
        observed.version_id = exposures.version_id
        and observed.as_of_on = exposures.as_of_on
        and observed.store_id = exposures.store_id
