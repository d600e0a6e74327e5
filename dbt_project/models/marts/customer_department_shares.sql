{#- Point in time and incremental like customer_features, of the same dates. -#}
{{ feature_table() }}

with customers as (

    select * from {{ ref('int_feature_customers') }}

),

department_sales as (

    select
        customer_id,
        seen_on,
        department,
        sum(sales_amount) as sales_amount
    from {{ ref('int_feature_lines') }}
    group by customer_id, seen_on, department

),

known as (

    select
        customers.customer_id,
        customers.as_of_on,
        customers.input_version,
        customers.code_version,
        department_sales.department,
        sum(department_sales.sales_amount) as sales_amount
    from customers
    inner join department_sales
        on customers.customer_id = department_sales.customer_id and customers.as_of_on >= department_sales.seen_on
    group by
        customers.customer_id, customers.as_of_on, customers.input_version, customers.code_version,
        department_sales.department

)

select
    customer_id,
    as_of_on,
    department,
    cast(sales_amount as {{ var('amount_type') }}) as sales_amount,
    {{ ratio('sales_amount', 'sum(sales_amount) over (partition by customer_id, as_of_on)') }} as sales_share,
    input_version,
    code_version
from known
where sales_amount > 0
