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
        _loaded_at,
        {{ load_rank(['household_id', 'coupon_upc', 'campaign_id', 'redemption_date']) }} as load_rank
    from {{ source('complete_journey', 'coupon_redemptions') }}

)

select
    {{ namespaced_id('cj:redemption', 'campaign_id') }}
    || ':' || cast(household_id as string)
    || ':' || cast(coupon_upc as string)
    || ':' || cast(cast(redemption_date as date) as string) as touch_id,
    {{ namespaced_id('cj', 'household_id') }} as customer_id,
    {{ namespaced_id('cj', 'campaign_id') }} as campaign_id,
    'complete_journey' as source,
    'redemption' as touch_type,
    cast(redemption_date as date) as touched_on,
    {{ namespaced_id('cj', 'coupon_upc') }} as coupon_id,
    _file,
    _row,
    cast(_load_id as string) as _load_id,
    cast(_loaded_at as timestamp) as _loaded_at
from source
where load_rank = 1
