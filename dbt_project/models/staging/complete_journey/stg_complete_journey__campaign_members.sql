{{ config(enabled='complete_journey' in var('sources')) }}

with source as (

    select
        campaign_id,
        household_id,
        _file,
        _row,
        _load_id,
        _loaded_at,
        {{ load_rank(['campaign_id', 'household_id']) }} as load_rank
    from {{ source('complete_journey', 'campaigns') }}

)

select
    {{ namespaced_id('cj:membership', 'campaign_id') }} || ':' || cast(household_id as string) as campaign_member_id,
    {{ namespaced_id('cj', 'campaign_id') }} as campaign_id,
    {{ namespaced_id('cj', 'household_id') }} as customer_id,
    'complete_journey' as source,
    _file,
    _row,
    cast(_load_id as string) as _load_id,
    cast(_loaded_at as timestamp) as _loaded_at
from source
where load_rank = 1
