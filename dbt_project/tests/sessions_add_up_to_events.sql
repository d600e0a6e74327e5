{#-
    Every session has its events and no other; a pause is longer than var session_gap_minutes between two sessions of a
    device and nowhere else.
-#}
{{ config(meta={'dagster': {'ref': {'name': 'fct_sessions'}}}) }}

with pauses as (

    select
        session_id,
        lag(session_id) over (partition by anonymous_id order by occurred_at, event_id) as earlier_session_id,
        occurred_at > lag(occurred_at) over (partition by anonymous_id order by occurred_at, event_id)
        + interval {{ var('session_gap_minutes') }} minute as is_long
    from {{ ref('fct_events') }}
    where session_id is not null

),

events as (

    select
        session_id,
        count(*) as event_count
    from {{ ref('fct_events') }}
    where session_id is not null
    group by session_id

)

select
    session_id,
    'a pause does not fit the sessions' as reason
from pauses
where (session_id = earlier_session_id) = is_long
union all
select
    coalesce(sessions.session_id, events.session_id) as session_id,
    'sessions and events differ' as reason
from {{ ref('fct_sessions') }} as sessions
full outer join events on sessions.session_id = events.session_id
where sessions.event_count is distinct from events.event_count
