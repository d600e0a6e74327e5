{{ config(enabled='complete_journey' in var('sources')) }}

with source as (

    select
        household_id,
        coupon_upc,
        campaign_id,
        redemption_date,
        _file,
        _row,
        _load_id,
        _loaded_at
    from {{ source('complete_journey', 'coupon_redemptions') }}

),

renamed as (

    select
        {{ dmp.namespaced_id('cj:redemption', 'campaign_id') }}
        || ':' || cast(household_id as string)
        || ':' || cast(coupon_upc as string)
        || ':' || cast(cast(redemption_date as date) as string) as touch_id,
        {{ dmp.namespaced_id('cj', 'household_id') }} as customer_id,
        {{ dmp.namespaced_id('cj', 'campaign_id') }} as campaign_id,
        'complete_journey' as source,
        'redemption' as touch_type,
        cast(redemption_date as date) as touched_on,
        {{ dmp.namespaced_id('cj', 'coupon_upc') }} as coupon_id,
        _file,
        _row,
        cast(_load_id as string) as _load_id,
        cast(_loaded_at as timestamp) as _loaded_at
    from source

),

ranked as (

    select
        *,
        {{ dmp.load_rank(['customer_id', 'campaign_id', 'coupon_id', 'touched_on'], ['_row']) }} as load_rank
    from renamed

)

select
    touch_id,
    customer_id,
    campaign_id,
    source,
    touch_type,
    touched_on,
    coupon_id,
    _file,
    _row,
    _load_id,
    _loaded_at
from ranked
where load_rank = 1
