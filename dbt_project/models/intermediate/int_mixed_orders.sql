{{ config(materialized='table') }}

with lines as {{ not_materialized() }} (

    select
        order_id,
        coalesce(line_type in ('return', 'cancellation'), false) as is_return
    from {{ ref('int_order_lines_checked') }}
    where reject_reason is null

),

returned as (

    select distinct order_id
    from lines
    where is_return

)

select distinct lines.order_id
from lines
inner join returned on lines.order_id = returned.order_id
where not lines.is_return
