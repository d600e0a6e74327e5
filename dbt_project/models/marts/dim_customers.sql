{%- set identifiers = {'customer': 'customers.customer_id'} -%}
{%- set bands = [
    'age_band', 'income_band', 'home_ownership', 'marital_status', 'household_size', 'household_composition', 'kids_count',
] %}

with described as (

    select
        {{ owner(identifiers) }} as customer_id,
        customers.customer_id as source_customer_id,
        customers.source,
        customers.has_demographics,
        {%- for band in bands %}
            customers.{{ band }},
        {%- endfor %}
        customers.is_home_ownership_filled,
        customers.is_marital_status_filled,
        false as is_simulated
    from {{ ref('int_customers') }} as customers
    {{- owner_joins(identifiers, none) }}

),

told as (

    -- Guests, and those of whom only events and decisions tell.
    select distinct
        customer_id,
        source,
        false as is_simulated
    from {{ ref('fct_order_lines') }}
    union
    select distinct
        customer_id,
        source,
        is_simulated
    from {{ ref('fct_events') }}
    union
    select distinct
        customer_id,
        source,
        is_simulated
    from {{ ref('consents') }}

),

known as (

    select * from described
    union all
    select
        customer_id,
        cast(null as string) as source_customer_id,
        source,
        false as has_demographics,
        {%- for band in bands %}
            'Unknown' as {{ band }},
        {%- endfor %}
        true as is_home_ownership_filled,
        true as is_marital_status_filled,
        is_simulated
    from told

),

ranked as (

    -- Who is known to several sources is described by the first of them that describes it.
    select
        *,
        row_number() over (
            partition by customer_id
            order by
                has_demographics desc,
                case when source_customer_id is null then 1 else 0 end,
                {{ source_rank('source') }},
                source_customer_id,
                source
        ) as known_rank,
        min(case when is_simulated then 1 else 0 end) over (partition by customer_id) as all_simulated
    from known
    where customer_id is not null

)

select
    customer_id,
    source_customer_id,
    source,
    has_demographics,
    {%- for band in bands %}
        {{ band }},
    {%- endfor %}
    is_home_ownership_filled,
    is_marital_status_filled,
    all_simulated = 1 as is_simulated
from ranked
where known_rank = 1
