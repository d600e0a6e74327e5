{{ config(enabled='complete_journey' in var('sources')) }}

with source as (

    select
        campaign_id,
        campaign_type,
        start_date,
        end_date,
        _file,
        _row,
        _load_id,
        _loaded_at
    from {{ source('complete_journey', 'campaign_descriptions') }}

),

renamed as (

    select
        {{ dmp.namespaced_id('cj', 'campaign_id') }} as campaign_id,
        'complete_journey' as source,
        nullif(trim(campaign_type), '') as campaign_type,
        cast(start_date as date) as start_on,
        cast(end_date as date) as end_on,
        _file,
        _row,
        cast(_load_id as string) as _load_id,
        cast(_loaded_at as timestamp) as _loaded_at
    from source

),

ranked as (

    select
        *,
        {{ dmp.load_rank(['campaign_id'], ['_row'], ['start_on', 'end_on']) }} as load_rank
    from renamed

)

select
    campaign_id,
    source,
    campaign_type,
    start_on,
    end_on,
    _file,
    _row,
    _load_id,
    _loaded_at
from ranked
where load_rank = 1
