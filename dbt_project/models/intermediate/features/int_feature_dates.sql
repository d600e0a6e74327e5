{{ config(materialized='ephemeral') }}

{%- set code_version = code_version(
    ['feature_windows', 'morning_starts_at', 'afternoon_starts_at', 'evening_starts_at', 'night_starts_at'],
    feature_tables(),
) %}

with listed as (

    select * from {{ ref('customer_feature_inputs') }}

),

computed as (

    {{ computed_dates(code_version) }}

)

select
    listed.as_of_on,
    listed.input_version,
    '{{ code_version }}' as code_version
from listed
left join computed on listed.as_of_on = computed.as_of_on and listed.input_version = computed.input_version
where computed.as_of_on is null
