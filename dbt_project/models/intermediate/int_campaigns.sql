select
    campaign_id,
    source,
    campaign_type,
    start_on,
    end_on
from {{ ref('int_campaigns_checked') }}
where reject_reason is null
