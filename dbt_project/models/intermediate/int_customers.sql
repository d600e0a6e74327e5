{{ config(materialized='table') }}

{%- set columns = contract_columns('customers')
    | reject('in', ['customer_id', 'source'] + load_columns().keys() | list) | list -%}
{%- set nothing = [] -%}
{%- for column in columns -%}
    {%- do nothing.append('cast(null as string) as ' ~ column) -%}
{%- endfor %}

with known as (

    select
        customer_id,
        source,
        true as has_demographics,
        {{ columns | join(',\n        ') }}
    from {{ ref('int_customers_checked') }}
    where reject_reason is null
    union all
    select distinct
        customer_id,
        source,
        false as has_demographics,
        {{ nothing | join(',\n        ') }}
    from {{ ref('int_order_lines_checked') }}
    where reject_reason is null and customer_id is not null

),

ranked as (

    -- A customer of several sources is described by the first of them that describes it.
    select
        *,
        row_number() over (
            partition by customer_id order by has_demographics desc, {{ source_rank('source') }}
        ) as known_rank
    from known

)

select
    customer_id,
    source,
    has_demographics,
    {{ columns | join(',\n    ') }}
from ranked
where known_rank = 1
