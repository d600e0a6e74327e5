{{ config(materialized='table') }}

{%- set columns = judged_columns() -%}

with judged as {{ not_materialized() }} (

    select * from {{ ref('int_order_lines_judged') }}

),

several as (

    -- Numbers instead of texts: 30 million lines are counted in little memory. Two lines with one hash do no harm.
    select {{ row_hash(['order_line_id']) }} as line_hash
    from judged
    where order_line_id is not null
    group by {{ row_hash(['order_line_id']) }}
    having count(*) > 1

),

repeated as (

    select
        judged.{{ columns | join(',\n        judged.') }}
    from judged
    inner join several on {{ row_hash(['judged.order_line_id']) }} = several.line_hash
    where judged.order_line_id is not null

),

ranked as (

    -- The newest good row of a line counts; one that is rejected does not take its place, but is told if it is newer.
    select
        *,
        row_number() over (
            partition by order_line_id
            order by
                case when row_reason is null then 0 else 1 end,
                _loaded_at desc,
                _file desc,
                _load_id desc,
                _row desc
        ) as load_rank,
        max(case when row_reason is null then _loaded_at end) over (partition by order_line_id) as good_load_at
    from repeated

)

select
    {{ columns | join(',\n    ') }}
from ranked
where
    (row_reason is null and load_rank = 1)
    or (row_reason is not null and not coalesce(_loaded_at < good_load_at, false))
