-- A table, because the changes are found among all that was ever said.
{{ config(materialized='table') }}

{%- set rules = {
    'missing_id': 'consent_id is null or subject_id is null',
    'damaged_id': is_damaged_id(['subject_id']),
    'missing_time': 'decided_at is null',
    'missing_decision': 'purpose is null or is_granted is null',
    'after_load': 'decided_at > _loaded_at',
} -%}

with staged as (

    {{ union_sources('consents') }}

)

select
    *,
    {{ reject_reason(rules) }} as reject_reason
from staged
