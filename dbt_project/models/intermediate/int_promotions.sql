{{ config(materialized='table') }}

-- Of the Complete Journey only, the one source that observes promotions. Restricted to what was bought before anything
-- else is done, and joined on the source's numbers: the promotions are 20.9 million rows, the bought keys 1.2 million.
with bought as (

    select distinct
        cast({{ source_id('product_id') }} as bigint) as source_product_id,
        cast({{ source_id('store_id') }} as bigint) as source_store_id,
        week_start_on
    from {{ ref('int_order_lines') }}
    where source = 'complete_journey'

),

promotions as (

    select
        source_product_id,
        source_store_id,
        week_start_on,
        is_on_display,
        is_in_mailer,
        _load_id,
        _loaded_at
    from {{ ref('stg_complete_journey__promotions') }}

),

ranked as (

    select
        promotions.*,
        rank() over (
            partition by promotions.source_product_id, promotions.source_store_id, promotions.week_start_on
            order by promotions._loaded_at desc, promotions._load_id desc
        ) as load_rank
    from promotions
    inner join bought
        on
            promotions.source_product_id = bought.source_product_id
            and promotions.source_store_id = bought.source_store_id
            and promotions.week_start_on = bought.week_start_on

)

select
    {{ namespaced_id('cj', 'source_product_id') }} as product_id,
    {{ namespaced_id('cj', 'source_store_id') }} as store_id,
    week_start_on,
    -- A key's rows are never equal: one carries the display, the other the mailer.
    bool_or(is_on_display) as is_on_display,
    bool_or(is_in_mailer) as is_in_mailer
from ranked
where load_rank = 1
group by source_product_id, source_store_id, week_start_on
