with customers as (

    select * from {{ ref('int_customers') }}

)

select
    customer_id,
    source,
    has_demographics,
    coalesce(age_band, 'Unknown') as age_band,
    coalesce(income_band, 'Unknown') as income_band,
    coalesce(home_ownership, 'Unknown') as home_ownership,
    coalesce(marital_status, 'Unknown') as marital_status,
    coalesce(household_size, 'Unknown') as household_size,
    coalesce(household_composition, 'Unknown') as household_composition,
    coalesce(kids_count, 'Unknown') as kids_count,
    home_ownership is null as is_home_ownership_filled,
    marital_status is null as is_marital_status_filled
from customers
