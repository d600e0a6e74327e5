{{ config(materialized='table') }}

with promotions as (

    {{ union_sources('promotions') }}

),

weeks as (

    select
        source,
        store_id,
        week_start_on,
        {{ content_hash(['product_id', 'is_on_display', 'is_in_mailer']) }} as promotions_hash
    from promotions
    group by source, store_id, week_start_on

),

stores as (

    select distinct store_id from {{ ref('int_order_lines') }}

)

select
    weeks.store_id,
    weeks.source,
    weeks.week_start_on,
    weeks.promotions_hash
from weeks
inner join stores on weeks.store_id = stores.store_id
