{#- Categories of consent that mean nothing to the platform. One row per category and source: a warning, as nothing
    follows from them. Say in var consent_categories what they mean, or [] for nothing. -#}
{{ config(severity='warn') }}

select
    purpose as category,
    source,
    count(*) as decisions
from {{ ref('consents') }}
where not is_known
group by purpose, source
