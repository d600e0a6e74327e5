{{ config(materialized='ephemeral') }}

with ranked as (

    select
        versions.version_id,
        described.*,
        row_number() over (
            partition by versions.version_id
            order by described.has_demographics desc, {{ source_rank('described.source') }}, described.customer_id
        ) as description_rank
    from {{ ref('int_feature_versions') }} as versions
    inner join {{ ref('int_customers') }} as described on versions.identifier_id = described.customer_id

)

-- How the sources describe each version of a customer: as the first of them does that describes it.
select *
from ranked
where description_rank = 1
