{{ config(materialized='table') }}

with described as (

    select
        customer_id,
        source,
        age_band,
        income_band,
        home_ownership,
        marital_status,
        household_size,
        household_composition,
        kids_count
    from {{ ref('int_customers_checked') }}
    where reject_reason is null

),

buyers as (

    select distinct
        customer_id,
        source
    from {{ ref('int_order_lines') }}

)

select
    coalesce(described.customer_id, buyers.customer_id) as customer_id,
    coalesce(described.source, buyers.source) as source,
    described.customer_id is not null as has_demographics,
    described.age_band,
    described.income_band,
    described.home_ownership,
    described.marital_status,
    described.household_size,
    described.household_composition,
    described.kids_count
from described
full outer join buyers on described.customer_id = buyers.customer_id
