{#-
    Time: an event happened when its client says so, if the client's clock can be right: it is not ahead of the receipt, and
    at sending not behind it by more than var clock_tolerance_minutes, which a slow line or a request that is sent again
    explains. Only what cannot be right is corrected, and then all that the device said by that clock by the same amount:
    the least by which the clock was behind (or most by which it was ahead) at a receipt, as the line took least time then
    (Cristian 1989). So the order of a device's events stays, and none lies after its receipt. A device's clock is what
    its events say with differences of at most the tolerance; one that was set in between counts as two. Without a time of
    sending only what lies ahead is corrected; without a time of its own an event happened at its receipt.
-#}
{{ config(enabled='collector' in var('sources')) }}

{%- set tolerance = 'interval ' ~ var('clock_tolerance_minutes') ~ ' minute' -%}
{%- set no_time = 'interval 0 minute' -%}
{%- set customer_id = "namespace || ':' || " ~ known_id('user_id') -%}
{%- set anonymous_id = "namespace || ':' || " ~ known_id('anonymous_id') -%}

with source as (

    select
        source,
        namespace,
        message_id,
        event_type,
        nullif(trim(event_name), '') as event_name,
        {{ customer_id }} as customer_id,
        {{ anonymous_id }} as anonymous_id,
        namespace || ':' || {{ known_id('previous_id') }} as previous_id,
        email_token,
        phone_token,
        sent_at,
        original_at,
        received_at,
        context,
        properties,
        consent,
        is_gpc,
        nullif(trim(request_user_agent), '') as request_user_agent,
        is_simulated,
        _segment,
        _line,
        _load_id,
        _loaded_at,
        -- A client repeats a message that it believes lost: the first receipt counts. Without an id nothing is known to
        -- be a repetition.
        case
            when source is null or message_id is null then 1
            else row_number() over (partition by source, message_id order by received_at, _segment, _line)
        end as receipt_rank
    from {{ source('collector', 'events') }}

),

receipts as (

    select
        coalesce({{ anonymous_id }}, {{ customer_id }}) as device,
        sent_at is not null as is_sending_told,
        received_at - greatest(original_at, coalesce(sent_at, original_at)) as behind
    from {{ source('collector', 'events') }}
    where original_at is not null

),

judged as (

    -- Each of these is read once: what is read twice is computed as a whole, with every column, whatever is asked for.
    select
        device,
        is_sending_told,
        behind,
        min(behind) over (partition by device) as least_behind,
        max(case when is_sending_told then behind end) over (partition by device) as most_behind
    from receipts

),

compared as (

    select
        device,
        is_sending_told,
        behind,
        behind - lag(behind) over (partition by device, is_sending_told order by behind) as step
    from judged
    where least_behind < {{ no_time }} or most_behind > {{ tolerance }}

),

numbered as (

    select
        device,
        is_sending_told,
        behind,
        sum(case when step <= {{ tolerance }} then 0 else 1 end)
            over (partition by device, is_sending_told order by behind rows unbounded preceding) as clock_number
    from compared

),

clocks as (

    select
        device,
        is_sending_told,
        min(behind) as least_behind,
        max(behind) as most_behind
    from numbered
    group by device, is_sending_told, clock_number
    having min(behind) < {{ no_time }} or (min(behind) > {{ tolerance }} and is_sending_told)

),

first_receipts as (

    select
        source.*,
        least(
            source.received_at,
            coalesce(source.original_at + clocks.least_behind, source.original_at, source.received_at)
        ) as occurred_at
    from source
    left join clocks
        on
            coalesce(source.anonymous_id, source.customer_id) = clocks.device
            and (source.sent_at is not null) = clocks.is_sending_told
            and source.received_at - greatest(source.original_at, coalesce(source.sent_at, source.original_at))
            between clocks.least_behind and clocks.most_behind
    where source.receipt_rank = 1

),

parsed as (

    select
        *,
        {{ is_email_event('event_name') }} as is_email,
        {{ json_text('context', 'page.path') }} as context_path,
        coalesce({{ json_text('context', 'page.url') }}, {{ json_text('properties', 'url') }}) as url,
        coalesce({{ json_text('context', 'page.title') }}, {{ json_text('properties', 'title') }}) as page_title,
        coalesce({{ json_text('context', 'page.referrer') }}, {{ json_text('properties', 'referrer') }}) as referrer,
        coalesce(
            {{ json_text('context', 'page.search') }},
            {{ json_text('properties', 'search') }},
            {{ json_text('context', 'page.url') }},
            {{ json_text('properties', 'url') }}
        ) as query,
        {{ json_text('context', 'campaign.id') }} as context_campaign_id,
        {{ json_text('context', 'campaign.name') }} as campaign_name,
        {{ json_text('context', 'campaign.source') }} as campaign_source,
        {{ json_text('context', 'campaign.medium') }} as campaign_medium,
        {{ json_text('context', 'campaign.term') }} as campaign_term,
        {{ json_text('context', 'campaign.content') }} as campaign_content,
        -- The request's own where the event names none; what a server tells is no program of the visitor's.
        coalesce(
            nullif({{ json_text('context', 'userAgent') }}, ''),
            case when not {{ is_http_library('request_user_agent') }} then request_user_agent end
        ) as user_agent,
        {{ json_text('context', 'device.type') }} as context_device_type,
        {{ json_text('context', 'os.name') }} as context_os_name,
        {{ json_text('context', 'locale') }} as locale,
        {{ json_text('properties', 'campaign_id') }} as source_campaign_id,
        {{ json_text('properties', 'product_id') }} as source_product_id,
        {{ json_text('properties', 'order_id') }} as source_order_id,
        coalesce(
            {{ json_text('properties', 'coupon_id') }}, {{ json_text('properties', 'coupon') }}
        ) as source_coupon_id,
        {{ try_to_decimal(json_text('properties', 'quantity'), 12, 3) }} as quantity,
        try_cast({{ json_text('properties', 'price') }} as {{ var('amount_type') }}) as price,
        coalesce(
            try_cast({{ json_text('properties', 'revenue') }} as {{ var('amount_type') }}),
            try_cast({{ json_text('properties', 'total') }} as {{ var('amount_type') }}),
            try_cast({{ json_text('properties', 'value') }} as {{ var('amount_type') }})
        ) as stated_amount,
        upper({{ json_text('properties', 'currency') }}) as currency
    from first_receipts

),

located as (

    select
        *,
        {{ url_host('url') }} as page_host,
        {{ url_host('referrer') }} as referrer_host,
        coalesce(campaign_source, {{ url_parameter('query', 'utm_source') }}) as utm_source,
        coalesce(campaign_medium, {{ url_parameter('query', 'utm_medium') }}) as utm_medium,
        coalesce(campaign_name, {{ url_parameter('query', 'utm_campaign') }}) as utm_campaign,
        coalesce(campaign_term, {{ url_parameter('query', 'utm_term') }}) as utm_term,
        coalesce(campaign_content, {{ url_parameter('query', 'utm_content') }}) as utm_content,
        {{ extract_pattern('query', '[?&](gclid|gbraid|wbraid|msclkid|dclid)=[^&#]', 1) }} as ad_click
    from parsed

),

recognised as (

    select
        *,
        {{ site_kind('lower(utm_source)') }} as source_kind,
        {{ site_kind('referrer_host') }} as referrer_kind,
        coalesce(referrer_host = page_host, false)
        or {{ is_host_of('referrer_host', var('own_hosts')) }}
        or {{ is_host_of('referrer_host', var('ignored_referrers')) }} as is_internal,
        -- A mail service's proxy names a made-up device.
        case when not {{ is_mail_proxy('user_agent') }} then user_agent end as device_agent
    from located

)

select
    source || ':' || message_id as event_id,
    source,
    event_type,
    event_name,
    customer_id,
    anonymous_id,
    previous_id,
    email_token,
    phone_token,
    cast(occurred_at as timestamp) as occurred_at,
    cast(received_at as timestamp) as received_at,
    coalesce(occurred_at <> original_at, false) as is_clock_corrected,
    {{ channel(
        'is_email', 'lower(utm_source)', 'lower(utm_medium)', 'lower(utm_campaign)', 'ad_click', 'source_kind', 'referrer_kind',
        'referrer_host is not null', 'is_internal'
    ) }} as channel,
    referrer_host,
    utm_source,
    utm_medium,
    utm_campaign,
    utm_term,
    utm_content,
    {{ url_without_query('url') }} as page_url,
    coalesce(context_path, {{ url_path('url') }}) as page_path,
    page_title,
    namespace || ':' || source_product_id as product_id,
    namespace || ':' || source_order_id as order_id,
    namespace || ':' || source_coupon_id as coupon_id,
    namespace || ':' || coalesce(source_campaign_id, context_campaign_id, campaign_name) as campaign_id,
    quantity,
    coalesce(
        stated_amount,
        try_cast(cast(price as decimal(38, 8)) * coalesce(quantity, 1) as {{ var('amount_type') }})
    ) as amount,
    currency,
    {{ device_type('device_agent', 'context_device_type') }} as device_type,
    {{ os_name('device_agent', 'context_os_name') }} as os_name,
    locale,
    consent,
    -- RudderStack's resolutionStrategy, of categories that stand for one purpose.
    coalesce(lower({{ json_text('context', 'consentManagement.resolutionStrategy') }}) in ('or', 'any'), false)
        as is_any_consent_enough,
    not coalesce(is_gpc, false) as is_sale_allowed,
    {{ is_bot('user_agent') }} as is_bot,
    is_simulated,
    properties,
    _segment as _file,
    _line as _row,
    cast(_load_id as string) as _load_id,
    cast(_loaded_at as timestamp) as _loaded_at
from recognised
