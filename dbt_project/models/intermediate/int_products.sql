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
    coalesce(product_type like '{{ var("fuel_product_type_pattern") }}', false) as is_fuel
from {{ ref('int_products_checked') }}
where reject_reason is null
