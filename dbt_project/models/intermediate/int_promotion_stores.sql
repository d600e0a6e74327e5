{{ config(materialized='table') }}

with promotions as (

    {{ union_sources('promotions') }}

),

weeks as (

    select
        source,
        source_store_id,
        week_start_on,
        {{ content_hash(['source_product_id', 'is_on_display', 'is_in_mailer']) }} as promotions_hash
    from promotions
    group by source, source_store_id, week_start_on

),

stores as (

    select distinct
        store_id,
        source,
        try_cast({{ source_id('store_id') }} as bigint) as source_store_id
    from {{ ref('int_order_lines') }}

)

select
    stores.store_id,
    weeks.source,
    weeks.source_store_id,
    weeks.week_start_on,
    weeks.promotions_hash
from weeks
inner join stores on weeks.source = stores.source and weeks.source_store_id = stores.source_store_id
