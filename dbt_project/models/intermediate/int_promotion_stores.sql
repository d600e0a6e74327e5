{{ config(materialized='table') }}

select distinct
    {{ namespaced_id('cj', 'source_store_id') }} as store_id
from {{ ref('stg_complete_journey__promotions') }}
