{{ config(enabled='complete_journey' in var('sources')) }}

-- 20.9 million rows: a projection only. Repeated keys are collapsed in int_promotions, on what was bought.

with source as (

    select
        product_id,
        store_id,
        week,
        display_location,
        mailer_location,
        _file,
        _row,
        _load_id,
        _loaded_at
    from {{ source('complete_journey', 'promotions') }}

),

renamed as (

    select
        {{ dmp.namespaced_id('cj', 'product_id') }} as product_id,
        {{ dmp.namespaced_id('cj', 'store_id') }} as store_id,
        -- Week 1 is the week of Monday 2016-12-26, of which the data holds only the Sunday.
        {{ dmp.add_days("date '2016-12-26'", '7 * (week - 1)') }} as week_start_on,
        'complete_journey' as source,
        display_location <> '0' as is_on_display,
        mailer_location <> '0' as is_in_mailer,
        _file,
        _row,
        cast(_load_id as string) as _load_id,
        cast(_loaded_at as timestamp) as _loaded_at
    from source

)

select
    product_id,
    store_id,
    week_start_on,
    source,
    is_on_display,
    is_in_mailer,
    _file,
    _row,
    _load_id,
    _loaded_at
from renamed
