{#-
    Who was one customer as of each listed date: a version of a customer is a stretch of dates in which the same identifiers were
    known to be theirs. Of the past a version knows only the links known before its dates; at the present date it is what
    customer_identifiers says, so that features and facts agree.

    Of the identifiers that orders and touches are told under; one that identity has not seen yet stands for itself.
-#}
{%- set later = 'cast(null as date)' if env_var('DMP_AS_OF', '') else 'bounds.present_on' %}

with listed as (

    select as_of_on from {{ ref('int_as_of_dates') }}

),

bounds as (

    select
        min(as_of_on) as first_on,
        max(as_of_on) as present_on
    from listed

),

used as (

    select identifier_id from {{ ref('int_order_lines') }}
    where identifier_id is not null
    union
    select source_customer_id as identifier_id from {{ ref('int_touches') }}
    where customer_id is not null

),

periods as (

    select
        used.identifier_id,
        coalesce(known.person_id, used.identifier_id) as customer_id,
        known.owned_from_at,
        known.owned_until_at,
        known.effective_at,
        cast({{ to_local_time('known.effective_at', var('event_time_zone')) }} as date) as known_on,
        cast({{ to_local_time('known.superseded_at', var('event_time_zone')) }} as date) as superseded_on
    from used
    left join {{ source('identity', 'person_identifiers') }} as known on used.identifier_id = known.identifier_id

),

ranked as (

    select
        *,
        row_number() over (partition by identifier_id order by effective_at, owned_from_at) as knowledge_rank,
        dense_rank() over (partition by identifier_id order by owned_from_at) as owner_number
    from periods

),

days as (

    select known_on as day_on from periods
    where known_on is not null
    union
    select superseded_on as day_on from periods
    where superseded_on is not null

),

dates as (

    -- What became known on a day is known as of the first date after it; after the last one, as of the present, or with
    -- DMP_AS_OF not at all.
    select
        days.day_on,
        min(listed.as_of_on) as as_of_on
    from days
    inner join listed on days.day_on < listed.as_of_on
    group by days.day_on

),

placed as (

    select
        ranked.identifier_id,
        ranked.customer_id,
        ranked.owner_number,
        case when ranked.owner_number > 1 then ranked.owned_from_at end as owned_from_at,
        ranked.owned_until_at,
        case
            when ranked.knowledge_rank = 1 then bounds.first_on
            else coalesce(starts.as_of_on, {{ later }})
        end as from_on,
        case when ranked.superseded_on is not null then coalesce(ends.as_of_on, {{ later }}) end as until_on
    from ranked
    cross join bounds
    left join dates as starts on ranked.known_on = starts.day_on
    left join dates as ends on ranked.superseded_on = ends.day_on

),

owned as (

    select *
    from placed
    where from_on is not null and (until_on is null or from_on < until_on)

),

changes as (

    select
        customer_id,
        from_on as changed_on
    from owned
    union
    select
        customer_id,
        until_on as changed_on
    from owned
    where until_on is not null

),

stretches as (

    select
        customer_id,
        changed_on as from_on,
        lead(changed_on) over (partition by customer_id order by changed_on) as until_on,
        row_number() over (partition by customer_id order by changed_on) as version_number
    from changes

)

select
    owned.identifier_id,
    case
        when stretches.version_number = 1 then stretches.customer_id
        else stretches.customer_id || '@' || cast(stretches.from_on as string)
    end as version_id,
    stretches.customer_id,
    stretches.from_on,
    stretches.until_on,
    cast(owned.owner_number as integer) as owner_number,
    owned.owned_from_at,
    owned.owned_until_at
from owned
inner join stretches
    on
        owned.customer_id = stretches.customer_id
        and owned.from_on <= stretches.from_on
        and (owned.until_on is null or owned.until_on > stretches.from_on)
