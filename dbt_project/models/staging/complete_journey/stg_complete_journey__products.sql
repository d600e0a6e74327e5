{{ config(enabled='complete_journey' in var('sources')) }}

with source as (

    select
        product_id,
        manufacturer_id,
        department,
        brand,
        product_category,
        product_type,
        package_size,
        _file,
        _row,
        _load_id,
        _loaded_at
    from {{ source('complete_journey', 'products') }}

),

renamed as (

    select
        {{ dmp.namespaced_id('cj', 'product_id') }} as product_id,
        'complete_journey' as source,
        cast(product_id as string) as source_product_id,
        {{ dmp.namespaced_id('cj', 'manufacturer_id') }} as manufacturer_id,
        nullif(trim(department), '') as department,
        nullif(trim(product_category), '') as product_category,
        nullif(trim(product_type), '') as product_type,
        nullif(trim(brand), '') as brand,
        coalesce(trim(brand) = 'Private', false) as is_private_label,
        nullif(trim(package_size), '') as package_size,
        -- Motor fuel is in baskets, but nobody chooses it.
        coalesce(product_type not like 'GASOLINE%', true) as is_recommendable,
        _file,
        _row,
        cast(_load_id as string) as _load_id,
        cast(_loaded_at as timestamp) as _loaded_at
    from source

),

ranked as (

    select
        *,
        {{ dmp.load_rank(['product_id'], ['_row']) }} as load_rank
    from renamed

)

select
    product_id,
    source,
    source_product_id,
    manufacturer_id,
    department,
    product_category,
    product_type,
    brand,
    is_private_label,
    package_size,
    is_recommendable,
    _file,
    _row,
    _load_id,
    _loaded_at
from ranked
where load_rank = 1
