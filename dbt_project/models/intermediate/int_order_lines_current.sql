{%- set columns = judged_columns() -%}

with judged as (

    select * from {{ ref('int_order_lines_judged') }}

),

repeated as (

    select * from {{ ref('int_repeated_order_lines') }}

),

repeated_ids as (

    select distinct order_line_id from repeated

)

select
    judged.{{ columns | join(',\n    judged.') }}
from judged
left join repeated_ids on judged.order_line_id = repeated_ids.order_line_id
where repeated_ids.order_line_id is null
union all
select
    {{ columns | join(',\n    ') }}
from repeated
