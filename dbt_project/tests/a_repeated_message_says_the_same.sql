{#- Messages that came again with the same id and other content: the first receipt counts, so that what the others say is
    lost. One row per source: a warning that a client numbers its messages wrongly. -#}
{{ config(severity='warn', enabled='collector' in var('sources')) }}

{%- set told = [
    'event_type', 'event_name', 'user_id', 'anonymous_id', 'previous_id', 'group_id', 'original_at', 'properties',
    'traits',
] %}

with receipts as (

    select
        source,
        message_id,
        {{ row_hash(told) }} as content
    from {{ source('collector', 'events') }}

),

messages as (

    select
        source,
        message_id
    from receipts
    group by source, message_id
    having count(*) > 1 and min(content) <> max(content)

)

select
    source,
    count(*) as messages
from messages
group by source
