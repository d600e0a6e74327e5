{{ config(enabled='complete_journey' in var('sources')) }}

with source as (

    select
        campaign_id,
        household_id,
        _file,
        _row,
        _load_id,
        _loaded_at
    from {{ source('complete_journey', 'campaigns') }}

),

renamed as (

    select
        {{ dmp.namespaced_id('cj:membership', 'campaign_id') }}
        || ':' || cast(household_id as string) as campaign_member_id,
        {{ dmp.namespaced_id('cj', 'campaign_id') }} as campaign_id,
        {{ dmp.namespaced_id('cj', 'household_id') }} as customer_id,
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
        {{ dmp.load_rank(['campaign_id', 'customer_id'], ['_row']) }} as load_rank
    from renamed

)

select
    campaign_member_id,
    campaign_id,
    customer_id,
    source,
    _file,
    _row,
    _load_id,
    _loaded_at
from ranked
where load_rank = 1
