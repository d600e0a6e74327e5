{{ config(materialized='ephemeral') }}

{%- set weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] -%}
{%- set parts = ['morning', 'afternoon', 'evening', 'night'] -%}
{%- set measures = ['visit_count'] -%}
{%- for time in parts + weekdays -%}
    {%- do measures.append(time ~ '_count') -%}
{%- endfor %}

with customers as (

    select * from {{ ref('int_feature_customers') }}

),

sums as (

    select
        version_id,
        seen_on,
        count(*) as visit_count,
        {%- for weekday in weekdays %}
            count(*) filter (where iso_weekday = {{ loop.index }}) as {{ weekday }}_count,
        {%- endfor %}
        count(*) filter (
            where hour_local >= {{ var('morning_starts_at') }} and hour_local < {{ var('afternoon_starts_at') }}
        ) as morning_count,
        count(*) filter (
            where hour_local >= {{ var('afternoon_starts_at') }} and hour_local < {{ var('evening_starts_at') }}
        ) as afternoon_count,
        count(*) filter (
            where hour_local >= {{ var('evening_starts_at') }} and hour_local < {{ var('night_starts_at') }}
        ) as evening_count,
        count(*) filter (
            where hour_local >= {{ var('night_starts_at') }} or hour_local < {{ var('morning_starts_at') }}
        ) as night_count
    from {{ ref('int_feature_orders') }}
    where is_purchase
    group by version_id, seen_on

),

known as (

    {{ sums_so_far('sums', measures) }}

),

favoured as (

    select
        *,
        greatest(
            {%- for weekday in weekdays %}
                {{ weekday }}_count{{ ',' if not loop.last }}
            {%- endfor %}
        ) as favourite_weekday_count
    from known

)

select
    version_id,
    as_of_on,
    {%- for time in parts + weekdays %}
        {{ ratio(time ~ '_count', 'visit_count') }} as {{ time }}_share,
    {%- endfor %}
    {{ ratio('saturday_count + sunday_count', 'visit_count') }} as weekend_share,
    case favourite_weekday_count
        {%- for weekday in weekdays %}
            when {{ weekday }}_count then {{ loop.index }}
        {%- endfor %}
    end as favourite_weekday,
    {{ ratio('favourite_weekday_count', 'visit_count') }} as favourite_weekday_share
from favoured
