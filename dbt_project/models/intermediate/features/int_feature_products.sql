{{ config(materialized='ephemeral') }}

with bought as (

    select
        version_id,
        product_id,
        min(seen_on) as seen_on
    from {{ ref('int_feature_lines') }}
    where is_bought
    group by version_id, product_id

)

select
    bought.version_id,
    bought.product_id,
    products.department,
    products.manufacturer_id,
    bought.seen_on
from bought
inner join {{ ref('dim_products') }} as products on bought.product_id = products.product_id
