with told as (

    select
        'sessions' as subject,
        1 as weight,
        source_customer_id,
        customer_id,
        is_simulated
    from {{ ref('fct_sessions') }}
    where not is_bot
    union all
    select
        'events' as subject,
        1 as weight,
        source_customer_id,
        customer_id,
        is_simulated
    from {{ ref('fct_events') }}
    where not is_bot
    union all
    select
        'touches by ' || channel as subject,
        1 as weight,
        source_customer_id,
        customer_id,
        is_simulated
    from {{ ref('fct_touches') }}
    union all
    select
        'orders' as subject,
        1 as weight,
        source_customer_id,
        customer_id,
        false as is_simulated
    from {{ ref('fct_orders') }}
    where is_purchase
    union all
    select
        'sales' as subject,
        sales_amount as weight,
        source_customer_id,
        customer_id,
        false as is_simulated
    from {{ ref('fct_order_lines') }}

),

counted as (

    select
        subject,
        sum(weight) as total,
        coalesce(sum(case when is_simulated then weight end), 0) as simulated_total,
        coalesce(sum(case when source_customer_id is not null then weight end), 0) as source_total,
        coalesce(sum(case when customer_id is not null then weight end), 0) as customer_total
    from told
    group by subject

)

select
    subject,
    cast(total as decimal(20, 2)) as total,
    cast(simulated_total as decimal(20, 2)) as simulated_total,
    cast(source_total as decimal(20, 2)) as source_total,
    cast(customer_total as decimal(20, 2)) as customer_total,
    {{ ratio('source_total', 'total') }} as source_share,
    {{ ratio('customer_total', 'total') }} as customer_share
from counted
