{{ config(enabled='complete_journey' in var('sources')) }}

with source as (

    select
        coupon_upc,
        product_id,
        campaign_id,
        _file,
        _row,
        _load_id,
        _loaded_at,
        {{ load_rank(['coupon_upc', 'product_id', 'campaign_id']) }} as load_rank
    from {{ source('complete_journey', 'coupons') }}

)

select
    {{ namespaced_id('cj', 'coupon_upc') }} as coupon_id,
    {{ namespaced_id('cj', 'product_id') }} as product_id,
    {{ namespaced_id('cj', 'campaign_id') }} as campaign_id,
    'complete_journey' as source,
    _file,
    _row,
    cast(_load_id as string) as _load_id,
    cast(_loaded_at as timestamp) as _loaded_at
from source
where load_rank = 1
