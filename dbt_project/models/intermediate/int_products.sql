with ranked as (

    -- A product of several sources is described by the first of them that does.
    select
        *,
        row_number() over (partition by product_id order by {{ source_rank('source') }}) as known_rank
    from {{ ref('int_products_checked') }}
    where reject_reason is null

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
    coalesce(is_recommendable, true) as is_recommendable
from ranked
where known_rank = 1
