{{ config(materialized='table') }}

{%- set bands = [
    'age_band', 'income_band', 'home_ownership', 'marital_status', 'household_size', 'household_composition', 'kids_count',
] -%}
{%- set nothing = [] -%}
{%- for band in bands -%}
    {%- do nothing.append('cast(null as string) as ' ~ band) -%}
{%- endfor %}

with known as (

    select
        customer_id,
        source,
        true as has_demographics,
        {{ bands | join(',\n        ') }}
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
    {%- for band in bands %}
        coalesce({{ band }}, 'Unknown') as {{ band }},
    {%- endfor %}
    home_ownership is null as is_home_ownership_filled,
    marital_status is null as is_marital_status_filled
from ranked
where known_rank = 1
