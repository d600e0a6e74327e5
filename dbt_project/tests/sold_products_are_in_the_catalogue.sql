{#- Of the products that a source with a catalogue sells, one in a hundred may be missing in it; more is news. -#}
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'int_products_checked'}}}) }}

with sold as (

    select distinct
        source,
        product_id,
        split_part(product_id, ':', 1) as namespace
    from {{ ref('int_order_lines_checked') }}
    where reject_reason is null and {{ line_type_of() }} in ('sale', 'free')

),

catalogue as (

    select distinct
        product_id,
        split_part(product_id, ':', 1) as namespace
    from {{ ref('int_products_checked') }}
    where reject_reason is null

),

namespaces as (

    select distinct namespace from catalogue

)

select
    sold.source,
    count(*) as sold_count,
    sum(case when catalogue.product_id is null then 1 else 0 end) as missing_count
from sold
inner join namespaces on sold.namespace = namespaces.namespace
left join catalogue on sold.product_id = catalogue.product_id
group by sold.source
having sum(case when catalogue.product_id is null then 1 else 0 end) > 0.01 * count(*)
