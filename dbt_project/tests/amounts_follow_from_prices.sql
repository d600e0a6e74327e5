{#-
    Where a source gives a price as well as an amount, the amount is quantity times price, with or without the discount; news where that
    is not so for more than one line in a hundred, and no reason to stop: one may be with taxes, the other without.
-#}
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'int_order_lines_checked'}}}) }}

with priced as (

    select
        source,
        abs(sales_amount) as amount,
        abs(cast(quantity as decimal(20, 3)) * unit_price) as list_amount,
        abs(loyalty_discount_amount) as discount_amount,
        -- A price may be rounded to the last digit of the currency.
        abs(quantity) * 0.005 + 0.01 as tolerance
    from {{ ref('int_order_lines_checked') }}
    where reject_reason is null and unit_price is not null

),

compared as (

    select
        source,
        abs(amount - list_amount) <= tolerance or abs(amount - list_amount + discount_amount) <= tolerance as is_equal
    from priced

)

select
    source,
    count(*) as line_count,
    sum(case when is_equal then 0 else 1 end) as different_count
from compared
group by source
having sum(case when is_equal then 0 else 1 end) > 0.01 * count(*)
