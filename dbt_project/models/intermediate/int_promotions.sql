{{ config(materialized='table') }}

-- Restricted to what was bought before anything else is done: the promotions are 20.9 million rows, the bought keys 1.2
-- million.
with bought as (

    select distinct
        product_id,
        store_id,
        week_start_on
    from {{ ref('int_order_lines') }}

),

promotions as (

    {{ union_sources('promotions') }}

),

ranked as (

    select
        bought.product_id,
        bought.store_id,
        promotions.week_start_on,
        promotions.is_on_display,
        promotions.is_in_mailer,
        rank() over (
            partition by bought.product_id, bought.store_id, promotions.week_start_on
            order by promotions._loaded_at desc, promotions._load_id desc
        ) as load_rank
    from promotions
    inner join bought
        on
            promotions.product_id = bought.product_id
            and promotions.store_id = bought.store_id
            and promotions.week_start_on = bought.week_start_on

)

select
    product_id,
    store_id,
    week_start_on,
    -- A key's rows are never equal: one carries the display, the other the mailer.
    bool_or(is_on_display) as is_on_display,
    bool_or(is_in_mailer) as is_in_mailer
from ranked
where load_rank = 1
group by product_id, store_id, week_start_on
