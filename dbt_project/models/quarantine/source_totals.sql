{%- set no_amount = 'cast(null as ' ~ var('amount_type') ~ ')' -%}
{%- set times = {
    'order_lines': 'ordered_at_local', 'campaigns': 'start_on', 'touches': 'touched_on', 'events': 'occurred_at',
    'consents': 'decided_at',
} -%}

with judged as (

    {%- for contract_table in judged_tables() %}
        select
            source,
            '{{ contract_table }}' as contract_table,
            _file,
            {{ "coalesce(reject_reason, line_type, 'sale')" if contract_table == 'order_lines' else 'reject_reason' }}
                as outcome,
            reject_reason is null as is_accepted,
            {{ 'currency' if contract_table == 'order_lines' else 'cast(null as string)' }} as currency,
            {{ 'sales_amount' if contract_table == 'order_lines' else no_amount }} as sales_amount,
            cast({{ times.get(contract_table, 'null') }} as date) as happened_on
        from {{ ref('int_' ~ contract_table ~ '_checked') }}
        union all
    {%- endfor %}
    select
        source,
        contract_table,
        _file,
        reason as outcome,
        false as is_accepted,
        cast(null as string) as currency,
        {{ no_amount }} as sales_amount,
        cast(null as date) as happened_on
    from {{ ref('stg_landing__rejected_lines') }}

)

select
    source,
    contract_table,
    _file,
    coalesce(outcome, 'accepted') as outcome,
    is_accepted,
    currency,
    cast(count(*) as bigint) as row_count,
    cast(sum(sales_amount) as decimal(38, 8)) as sales_amount,
    min(happened_on) as first_on,
    max(happened_on) as last_on
from judged
group by source, contract_table, _file, coalesce(outcome, 'accepted'), is_accepted, currency
