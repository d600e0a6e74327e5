{{ config(materialized='table') }}

{#-
    Whose each identifier is, as all facts read it: by what is known today, or with DMP_AS_OF by what was known before that date. An
    identifier's first owner has it from 1970 on, its present one until 9999: bounds without nulls, by which an engine can hash.
-#}
{%- set as_of = env_var('DMP_AS_OF', '') -%}
{%- set as_of_on = "date '" ~ iso_date(as_of, 'DMP_AS_OF') ~ "'" if as_of else '' %}

with periods as (

    select
        identifier_id,
        kind,
        namespace,
        person_id,
        owned_from_at,
        owned_until_at,
        superseded_at,
        cast({{ to_local_time('effective_at', var('event_time_zone')) }} as date) as known_on,
        cast({{ to_local_time('superseded_at', var('event_time_zone')) }} as date) as superseded_on,
        row_number() over (partition by identifier_id order by effective_at, owned_from_at) as knowledge_rank
    from {{ source('identity', 'person_identifiers') }}

),

known as (

    select
        *,
        row_number() over (partition by identifier_id order by owned_from_at) as owner_number
    from periods
    where
        {%- if as_of %}
            -- What names a device only later is not known; anything else is somebody's as soon as it is seen.
            (known_on < {{ as_of_on }} or (knowledge_rank = 1 and kind <> 'device'))
            and (superseded_on is null or superseded_on >= {{ as_of_on }})
        {%- else %}
            superseded_at is null
        {%- endif %}

)

select
    identifier_id,
    kind,
    namespace,
    person_id as customer_id,
    cast(owner_number as integer) as owner_number,
    case when owner_number > 1 then owned_from_at else timestamp '1970-01-01' end as owned_from_at,
    coalesce(owned_until_at, timestamp '9999-12-31') as owned_until_at
from known
union all
-- A customer id that is nobody's stands for no customer.
select
    identifier_id,
    kind,
    namespace,
    cast(null as string) as customer_id,
    1 as owner_number,
    timestamp '1970-01-01' as owned_from_at,
    timestamp '9999-12-31' as owned_until_at
from {{ source('identity', 'identifiers') }}
where kind = 'customer' and blocked_because is not null
