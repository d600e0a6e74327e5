{{ config(materialized='ephemeral') }}

{%- set line_measures = ['sales_amount', 'private_label_amount', 'national_brand_amount', 'squared_amount'] -%}
{%- set first_measures = ['product_count', 'department_count', 'manufacturer_count'] %}

with customers as (

    select * from {{ ref('int_feature_customers') }}

),

lines as (

    select * from {{ ref('int_feature_lines') }}

),

department_sales as (

    select
        version_id,
        seen_on,
        department,
        sum(sales_amount) as sales_amount,
        coalesce(sum(sales_amount) filter (where is_private_label), 0) as private_label_amount,
        coalesce(sum(sales_amount) filter (where is_national_brand), 0) as national_brand_amount
    from lines
    group by version_id, seen_on, department

),

running_departments as (

    select
        *,
        sum(sales_amount) over (partition by version_id, department order by seen_on) as running_amount
    from department_sales

),

line_sums as (

    select
        version_id,
        seen_on,
        sum(sales_amount) as sales_amount,
        sum(private_label_amount) as private_label_amount,
        sum(national_brand_amount) as national_brand_amount,
        -- By how much the square of the department's sales grew: (a + b)^2 - a^2 = b * (2 * (a + b) - b).
        sum(
            cast(sales_amount as {{ var('amount_type') }})
            * cast(2 * running_amount - sales_amount as {{ var('amount_type') }})
        ) as squared_amount
    from running_departments
    group by version_id, seen_on

),

known_lines as (

    {{ sums_so_far('line_sums', line_measures) }}

),

favourite_departments as (

    {{ leaders('department_sales', key='department', value='sales_amount') }}

),

manufacturer_sales as (

    -- Everything else than known national brands is without a manufacturer and without sales: it never leads.
    select
        version_id,
        seen_on,
        case when is_national_brand then manufacturer_id end as manufacturer_id,
        sum(case when is_national_brand and manufacturer_id is not null then sales_amount else 0 end) as sales_amount
    from lines
    group by version_id, seen_on, case when is_national_brand then manufacturer_id end

),

favourite_manufacturers as (

    {{ leaders('manufacturer_sales', key='manufacturer_id', value='sales_amount') }}

),

products as (

    select * from {{ ref('int_feature_products') }}

),

firsts as (

    -- What each customer bought for the first time, and when that was first seen.
    select
        version_id,
        seen_on,
        1 as product_count,
        0 as department_count,
        0 as manufacturer_count
    from products
    union all
    select
        version_id,
        min(seen_on) as seen_on,
        0 as product_count,
        1 as department_count,
        0 as manufacturer_count
    from products
    where department is not null
    group by version_id, department
    union all
    select
        version_id,
        min(seen_on) as seen_on,
        0 as product_count,
        0 as department_count,
        1 as manufacturer_count
    from products
    where manufacturer_id is not null
    group by version_id, manufacturer_id

),

first_sums as (

    select
        version_id,
        {%- for measure in first_measures %}
            sum({{ measure }}) as {{ measure }},
        {%- endfor %}
        seen_on
    from firsts
    group by version_id, seen_on

),

known_firsts as (

    {{ sums_so_far('first_sums', first_measures) }}

)

select
    customers.version_id,
    customers.as_of_on,
    {%- for measure in first_measures %}
        cast(coalesce(known_firsts.{{ measure }}, 0) as integer) as {{ measure }},
    {%- endfor %}
    favourite_departments.department as favourite_department,
    {{ ratio('favourite_departments.sales_amount', 'known_lines.sales_amount') }} as favourite_department_share,
    {{ ratio('known_lines.squared_amount', 'known_lines.sales_amount') }}
    / nullif(cast(known_lines.sales_amount as double), 0) as department_concentration,
    favourite_manufacturers.manufacturer_id as favourite_manufacturer_id,
    case
        when favourite_manufacturers.manufacturer_id is not null
            then {{ ratio('favourite_manufacturers.sales_amount', 'known_lines.national_brand_amount') }}
    end as favourite_manufacturer_share,
    {{ ratio('known_lines.national_brand_amount', 'known_lines.sales_amount') }} as national_brand_share,
    {{ ratio('known_lines.private_label_amount', 'known_lines.sales_amount') }} as private_label_share
from customers
inner join known_lines
    on customers.version_id = known_lines.version_id and customers.as_of_on = known_lines.as_of_on
left join known_firsts
    on customers.version_id = known_firsts.version_id and customers.as_of_on = known_firsts.as_of_on
left join favourite_departments
    on customers.version_id = favourite_departments.version_id and customers.seen_on = favourite_departments.seen_on
left join favourite_manufacturers
    on
        customers.version_id = favourite_manufacturers.version_id
        and customers.seen_on = favourite_manufacturers.seen_on
