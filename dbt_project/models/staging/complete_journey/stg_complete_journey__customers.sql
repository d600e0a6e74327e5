{{ config(enabled='complete_journey' in var('sources')) }}

with source as (

    select
        household_id,
        age,
        income,
        home_ownership,
        marital_status,
        household_size,
        household_comp,
        kids_count,
        _file,
        _row,
        _load_id,
        _loaded_at
    from {{ source('complete_journey', 'demographics') }}

),

renamed as (

    select
        {{ dmp.namespaced_id('cj', 'household_id') }} as customer_id,
        'complete_journey' as source,
        nullif(trim(age), '') as age_band,
        nullif(trim(income), '') as income_band,
        nullif(trim(home_ownership), '') as home_ownership,
        nullif(trim(marital_status), '') as marital_status,
        nullif(trim(household_size), '') as household_size,
        nullif(trim(household_comp), '') as household_composition,
        nullif(trim(kids_count), '') as kids_count,
        cast(null as string) as email,
        cast(null as string) as phone,
        cast(null as string) as household_id,
        cast(null as string) as loyalty_card,
        _file,
        _row,
        cast(_load_id as string) as _load_id,
        cast(_loaded_at as timestamp) as _loaded_at
    from source

),

ranked as (

    select
        *,
        {{ dmp.load_rank(['customer_id'], ['_row']) }} as load_rank
    from renamed

)

select
    customer_id,
    source,
    age_band,
    income_band,
    home_ownership,
    marital_status,
    household_size,
    household_composition,
    kids_count,
    email,
    phone,
    household_id,
    loyalty_card,
    _file,
    _row,
    _load_id,
    _loaded_at
from ranked
where load_rank = 1
