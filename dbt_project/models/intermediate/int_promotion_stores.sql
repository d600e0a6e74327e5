{{ config(materialized='table') }}

select
    {{ namespaced_id('cj', 'source_store_id') }} as store_id,
    source_store_id,
    week_start_on,
    {{ content_hash(['source_product_id', 'is_on_display', 'is_in_mailer']) }} as promotions_hash
from {{ ref('stg_complete_journey__promotions') }}
group by source_store_id, week_start_on
