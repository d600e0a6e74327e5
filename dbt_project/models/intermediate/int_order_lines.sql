{%- set identifiers = {
    'customer': 'lines.customer_id', 'email': 'lines.email', 'phone': 'lines.phone', 'loyalty_card': 'lines.loyalty_card',
} %}

with accepted as {{ not_materialized() }} (

    select
        lines.*,
        {{ owner(identifiers) }} as owner_id,
        {{ deciding_identifier(identifiers) }} as identifier_id,
        coalesce(lines.quantity_unit, 'each') <> 'each' or lines.quantity <> floor(lines.quantity) as is_measured,
        lines.line_type in ('return', 'cancellation') as is_return,
        lines.line_type in ('adjustment', 'void') as is_uncounted,
        {{ line_type_of('lines') }} = 'sale'
        and lines.quantity = 0
        and lines.sales_amount = 0
        and lines.loyalty_discount_amount = 0
        and lines.coupon_discount_amount > 0 as is_coupon_line
    from {{ ref('int_order_lines_checked') }} as lines
    {{- owner_joins(identifiers, 'lines.ordered_at') }}
    where lines.reject_reason is null

),

mixed_orders as (

    select * from {{ ref('int_mixed_orders') }}

),

classified as {{ not_materialized() }} (

    select
        accepted.order_line_id,
        -- What is taken back is an order of its own: it happens later, and what was known before does not change.
        case
            when accepted.is_return and mixed_orders.order_id is not null then accepted.order_id || ':return'
            else accepted.order_id
        end as order_id,
        accepted.owner_id as customer_id,
        accepted.customer_id as source_customer_id,
        accepted.identifier_id,
        accepted.product_id,
        accepted.store_id,
        accepted.source,
        accepted.ordered_at,
        accepted.ordered_at_local,
        accepted.time_zone,
        case
            when accepted.is_coupon_line then 'coupon'
            when {{ line_type_of('accepted') }} <> 'sale' then accepted.line_type
            when accepted.sales_amount = 0 then 'free'
            else 'sale'
        end as line_type,
        accepted.quantity,
        accepted.quantity_unit,
        accepted.is_measured,
        accepted.quantity = 0 and not accepted.is_coupon_line and {{ line_type_of('accepted') }} = 'sale'
            as is_quantity_filled,
        accepted.currency,
        {%- for amount in ['loyalty', 'coupon_match', 'coupon'] %}
            case when accepted.is_uncounted then 0 else accepted.{{ amount }}_discount_amount end
            {{ '+ coalesce(parts.discount_amount, 0) ' if loop.first }}as {{ amount }}_discount_amount,
        {%- endfor %}
        case
            when accepted.is_uncounted then 0 else accepted.sales_amount - coalesce(parts.discount_amount, 0)
        end as sales_amount,
        case when accepted.is_uncounted then accepted.sales_amount else 0 end as uncounted_amount,
        coalesce(parts.tax_amount, 0) as tax_amount,
        coalesce(parts.shipping_amount, 0) as shipping_amount,
        coalesce(parts.refunded_amount, 0) as refunded_amount,
        coalesce(parts.refunded_at, accepted.ordered_at) as refunded_at,
        case
            when accepted.is_return then coalesce(accepted.original_order_id, mixed_orders.order_id)
        end as original_order_id,
        cast(null as string) as returned_line_id
    from accepted
    left join {{ ref('int_order_parts') }} as parts on accepted.order_line_id = parts.order_line_id
    left join mixed_orders on accepted.order_id = mixed_orders.order_id

),

refunds as (

    -- What an order says was paid back; of the pieces nothing is known unless it was all of the amount.
    select
        order_line_id || ':return' as order_line_id,
        order_id || ':return' as order_id,
        customer_id,
        source_customer_id,
        identifier_id,
        product_id,
        store_id,
        source,
        refunded_at as ordered_at,
        {{ store_local_time('refunded_at', 'time_zone') }} as ordered_at_local,
        time_zone,
        'return' as line_type,
        case when refunded_amount = sales_amount then -quantity else 0 end as quantity,
        quantity_unit,
        is_measured,
        false as is_quantity_filled,
        currency,
        0 as loyalty_discount_amount,
        0 as coupon_match_discount_amount,
        0 as coupon_discount_amount,
        -refunded_amount as sales_amount,
        0 as uncounted_amount,
        0 as tax_amount,
        0 as shipping_amount,
        0 as refunded_amount,
        refunded_at,
        order_id as original_order_id,
        order_line_id as returned_line_id
    from classified
    where refunded_amount > 0

),

united as (

    select * from classified
    union all
    select * from refunds

),

summed as (

    select
        *,
        sales_amount + loyalty_discount_amount + coupon_match_discount_amount as list_amount,
        sales_amount - coupon_discount_amount as paid_amount
    from united

)

select
    order_line_id,
    order_id,
    customer_id,
    source_customer_id,
    identifier_id,
    product_id,
    store_id,
    source,
    ordered_at,
    ordered_at_local,
    cast(ordered_at_local as date) as order_on,
    {{ week_start('ordered_at_local') }} as week_start_on,
    line_type,
    cast(case when is_quantity_filled then 1 else quantity end as decimal(12, 3)) as quantity,
    coalesce(quantity_unit, 'each') as quantity_unit,
    case
        when line_type in ('coupon', 'fee', 'adjustment', 'void') then 0
        when is_quantity_filled or (is_measured and quantity > 0) then 1
        when is_measured then -1
        else cast(quantity as integer)
    end as units,
    currency,
    {%- for amount in [
        'sales_amount', 'list_amount', 'paid_amount', 'loyalty_discount_amount', 'coupon_match_discount_amount',
        'coupon_discount_amount',
    ] %}
        cast({{ amount }} as {{ var('amount_type') }}) as {{ amount }},
    {%- endfor %}
    cast(list_amount - paid_amount as {{ var('amount_type') }}) as discount_amount,
    {%- for amount in ['tax_amount', 'shipping_amount', 'uncounted_amount'] %}
        cast({{ amount }} as {{ var('amount_type') }}) as {{ amount }},
    {%- endfor %}
    is_quantity_filled,
    original_order_id,
    returned_line_id
from summed
