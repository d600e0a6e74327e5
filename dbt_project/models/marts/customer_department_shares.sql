{#- Point in time and incremental like customer_features, of the same dates. -#}
{{ feature_table() }}

with customers as (

    select * from {{ ref('int_feature_customers') }}

),

department_sales as (

    select
        version_id,
        seen_on,
        department,
        sum(sales_amount) as sales_amount
    from {{ ref('int_feature_lines') }}
    group by version_id, seen_on, department

),

known as (

    {{ sums_so_far('department_sales', ['sales_amount'], key='department') }}

)

select
    customers.customer_id,
    known.as_of_on,
    known.department,
    cast(known.sales_amount as {{ var('amount_type') }}) as sales_amount,
    {{ ratio('known.sales_amount', 'sum(known.sales_amount) over (partition by known.version_id, known.as_of_on)') }}
        as sales_share,
    customers.input_version,
    customers.code_version
from known
inner join customers on known.version_id = customers.version_id and known.as_of_on = customers.as_of_on
where known.sales_amount > 0
