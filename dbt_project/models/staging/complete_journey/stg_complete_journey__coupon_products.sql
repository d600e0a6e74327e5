{{ config(enabled='complete_journey' in var('sources')) }}

with source as (

    select
        coupon_upc,
        product_id,
        campaign_id,
        _file,
        _row,
        _load_id,
        _loaded_at
    from {{ source('complete_journey', 'coupons') }}

),

renamed as (

    select
        {{ dmp.namespaced_id('cj', 'coupon_upc') }} as coupon_id,
        {{ dmp.namespaced_id('cj', 'product_id') }} as product_id,
        {{ dmp.namespaced_id('cj', 'campaign_id') }} as campaign_id,
        'complete_journey' as source,
        _file,
        _row,
        cast(_load_id as string) as _load_id,
        cast(_loaded_at as timestamp) as _loaded_at
    from source

),

ranked as (

    select
        *,
        {{ dmp.load_rank(['coupon_id', 'product_id', 'campaign_id'], ['_row']) }} as load_rank
    from renamed

)

select
    coupon_id,
    product_id,
    campaign_id,
    source,
    _file,
    _row,
    _load_id,
    _loaded_at
from ranked
where load_rank = 1
