with products as (

    select * from {{ ref('int_products') }}

),

packages as (

    select * from {{ ref('int_product_packages') }}

),

sold_products as (

    select
        product_id,
        min(source) as source,
        max(case when {{ line_type_of() }} = 'sale' then product_name end) as product_name,
        bool_and({{ line_type_of() }} = 'fee') as is_fee,
        bool_or({{ line_type_of() }} in ('sale', 'free')) as is_sold
    from {{ ref('int_order_lines_checked') }}
    where reject_reason is null
    group by product_id

),

described as (

    select
        products.product_id,
        products.source,
        products.source_product_id,
        products.manufacturer_id,
        products.department,
        products.product_category,
        products.product_type,
        products.brand,
        products.is_private_label,
        products.package_size,
        packages.pack_count,
        packages.package_amount,
        packages.package_unit,
        false as is_inferred,
        products.is_recommendable and not coalesce(sold_products.is_fee, false) as is_recommendable
    from products
    left join packages on products.package_size = packages.package_size
    left join sold_products on products.product_id = sold_products.product_id

),

inferred as (

    -- On an order line, but not in a product list: kept with what is known, the id and what the lines call it.
    select
        sold_products.product_id,
        sold_products.source,
        {{ source_id('sold_products.product_id') }} as source_product_id,
        cast(null as string) as manufacturer_id,
        case when sold_products.is_fee then 'Fees' end as department,
        case when sold_products.is_fee then 'Fees' end as product_category,
        sold_products.product_name as product_type,
        cast(null as string) as brand,
        false as is_private_label,
        cast(null as string) as package_size,
        cast(null as integer) as pack_count,
        cast(null as decimal(12, 3)) as package_amount,
        cast(null as string) as package_unit,
        true as is_inferred,
        sold_products.is_sold as is_recommendable
    from sold_products
    left join products on sold_products.product_id = products.product_id
    where products.product_id is null

),

united as (

    select * from described
    union all
    select * from inferred

)

select
    product_id,
    source,
    source_product_id,
    manufacturer_id,
    coalesce(department, 'Unknown') as department,
    coalesce(product_category, 'Unknown') as product_category,
    coalesce(product_type, 'Unknown') as product_type,
    coalesce(brand, 'Unknown') as brand,
    is_private_label,
    package_size,
    pack_count,
    package_amount,
    package_unit,
    product_category is null as is_category_filled,
    product_type is null as is_type_filled,
    is_inferred,
    is_recommendable
from united
