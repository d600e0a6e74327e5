{#- User ids that stand for nobody (vars missing_values and guest_customers): such events stay with their device and are
    no customer's. One row per id and source: a warning, as a client sends what it should not. -#}
{{ config(severity='warn', enabled='collector' in var('sources')) }}

select
    source,
    user_id,
    count(*) as events
from {{ source('collector', 'events') }}
where trim(user_id) <> '' and {{ known_id('user_id') }} is null
group by source, user_id
