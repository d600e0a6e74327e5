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
from {{ ref('int_products_checked') }}
where reject_reason is null
