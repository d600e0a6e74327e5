{{ config(materialized='table') }}

{#- Not a var of the project: after a change of the environment variable dbt parses this model anew, not all. -#}
{%- set as_of = env_var('DMP_AS_OF', '') -%}
{%- if as_of -%}
    {%- set as_of_on = "date '" ~ iso_date(as_of, 'DMP_AS_OF') ~ "'" -%}
{%- else -%}
    {%- set as_of_on = add_days('order_on', 1) -%}
{%- endif %}

with newest_order as (

    select max(order_on) as order_on from {{ ref('int_order_lines') }}

)

select {{ as_of_on }} as as_of_on
from newest_order
