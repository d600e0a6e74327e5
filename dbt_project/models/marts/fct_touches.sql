with touches as (

    select * from {{ ref('int_touches') }}

)

select
    touch_id,
    customer_id,
    campaign_id,
    source,
    touch_type,
    touched_on,
    coupon_id
from touches
