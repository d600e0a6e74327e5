{#-
    Channel by which a visitor came: Google Analytics 4's default channel groups (its help page 9756891, "channels for manual
    traffic"), the first rule that applies:

    | channel | rule |
    |---|---|
    | email | an e-mail event |
    | direct | the campaign says so: source (direct), medium (none) or (not set) |
    | cross_network | the campaign's name contains cross-network |
    | paid_shopping, paid_search, paid_social, paid_video | a paid medium, and the source is of that kind; shopping also by the campaign's name |
    | paid_search, display | no medium, and the click id of a search advertisement (gclid, gbraid, wbraid, msclkid) or of a display one (dclid) |
    | display | medium display, banner, expandable, interstitial, cpm |
    | paid_other | any other paid medium: it contains cp, begins with paid, is ppc or retargeting |
    | ai_assistant | medium ai-assistant, or the source is an assistant |
    | organic_shopping, organic_social, organic_video, organic_search | the source is of that kind; or the campaign's name, a social medium, a video medium, medium organic |
    | referral, email, affiliates, audio, sms, mobile_push_notifications | medium (or source) of that name |
    | unassigned | any other campaign |
    | internal | no campaign; the referrer is the same host, one of var own_hosts, or one of var ignored_referrers: the visit goes on |
    | ai_assistant, organic_shopping, organic_social, organic_video, organic_search, email, referral | no campaign; the referrer's kind (`site_kind`) |
    | direct | neither campaign nor referrer |

    GA4 has no `internal`, and what comes from web mail without a campaign is a referral there.

    The arguments are SQL: `is_email` boolean; `utm_source`, `utm_medium`, `utm_campaign` text in lower case; `ad_click` the name of
    the click id's parameter; `source_kind`, `referrer_kind` from `site_kind`; `has_referrer` and `is_internal` boolean.
-#}
{% macro channel(
    is_email, utm_source, utm_medium, utm_campaign, ad_click, source_kind, referrer_kind, has_referrer, is_internal
) -%}
    {%- set is_paid = 'coalesce(' ~ matches_pattern(utm_medium, '^(.*cp.*|ppc|retargeting|paid.*)$') ~ ', false)' -%}
    {%- set is_shopping = 'coalesce(' ~ matches_pattern(utm_campaign, '^(.*(([^a-df-z]|^)shop|shopping).*)$') ~ ', false)' -%}
    {%- set kinds = {'shopping': 'shopping', 'search': 'search', 'social': 'social', 'video': 'video'} -%}
    {%- set mails = "('email', 'e-mail', 'e_mail', 'e mail')" -%}
    case
        when {{ is_email }} then 'email'
        when {{ utm_source }} is null and {{ utm_medium }} is null and {{ utm_campaign }} is null and {{ ad_click }} is null
            then
                case
                    when {{ is_internal }} then 'internal'
                    when {{ referrer_kind }} = 'email' then 'email'
                    when {{ referrer_kind }} = 'ai_assistant' then 'ai_assistant'
                    {%- for kind in kinds %}
                        when {{ referrer_kind }} = '{{ kind }}' then 'organic_{{ kind }}'
                    {%- endfor %}
                    when {{ has_referrer }} then 'referral'
                    else 'direct'
                end
        when {{ utm_source }} = '(direct)' and coalesce({{ utm_medium }}, '(none)') in ('(none)', '(not set)') then 'direct'
        when {{ utm_campaign }} like '%cross-network%' then 'cross_network'
        when {{ is_paid }} and {{ is_shopping }} then 'paid_shopping'
        {%- for kind in kinds %}
            when {{ is_paid }} and {{ source_kind }} = '{{ kind }}' then 'paid_{{ kind }}'
        {%- endfor %}
        when {{ utm_medium }} is null and {{ ad_click }} = 'dclid' then 'display'
        when {{ utm_medium }} is null and {{ ad_click }} is not null then 'paid_search'
        when {{ utm_medium }} in ('display', 'banner', 'expandable', 'interstitial', 'cpm') then 'display'
        when {{ is_paid }} then 'paid_other'
        when {{ utm_medium }} = 'ai-assistant' or {{ source_kind }} = 'ai_assistant' then 'ai_assistant'
        when {{ is_shopping }} or {{ source_kind }} = 'shopping' then 'organic_shopping'
        when
            {{ source_kind }} = 'social'
            or {{ utm_medium }} in ('social', 'social-network', 'social-media', 'sm', 'social network', 'social media')
            then 'organic_social'
        when {{ source_kind }} = 'video' or {{ utm_medium }} like '%video%' then 'organic_video'
        when {{ source_kind }} = 'search' or {{ utm_medium }} = 'organic' then 'organic_search'
        when {{ utm_medium }} in ('referral', 'app', 'link') then 'referral'
        when {{ utm_source }} in {{ mails }} or {{ utm_medium }} in {{ mails }} then 'email'
        when {{ utm_medium }} = 'affiliate' then 'affiliates'
        when {{ utm_medium }} = 'audio' then 'audio'
        when {{ utm_source }} = 'sms' or {{ utm_medium }} = 'sms' then 'sms'
        when
            {{ utm_medium }} like '%push' or {{ utm_medium }} like '%mobile%' or {{ utm_medium }} like '%notification%'
            or {{ utm_source }} = 'firebase'
            then 'mobile_push_notifications'
        else 'unassigned'
    end
{%- endmacro %}

{#-
    Kind of a site, by the lists of `referrer_hosts.sql`: search, social, video, shopping, email, ai_assistant, other; null if it is on
    none. `host` is SQL of a host in lower case, or of a campaign's source, which may also be the site's name alone: google, fb.
-#}
{% macro site_kind(host) -%}
    {%- set by_kind = {
        'ai_assistant': ai_assistant_hosts(),
        'shopping': shopping_hosts(),
        'video': video_hosts(),
        'social': social_hosts(),
        'email': email_hosts(),
        'other': other_hosts(),
        'search': search_hosts(),
    } -%}
    {%- set by_name = {
        'ai_assistant': "'chatgpt', 'openai', 'claude', 'gemini', 'copilot', 'perplexity', 'deepseek', 'grok'",
        'shopping': "'amazon', 'ebay', 'etsy', 'walmart', 'alibaba', 'aliexpress', 'google-shopping', 'google shopping', 'idealo', "
            ~ "'igshopping', 'mercadolibre', 'pricerunner', 'shopping', 'shopzilla', 'kelkoo', 'temu'",
        'video': "'youtube', 'vimeo', 'twitch', 'dailymotion', 'netflix', 'hulu', 'disneyplus', 'wistia', 'ted', 'iqiyi', 'youku'",
        'social': "'facebook', 'fb', 'facebook-ads', 'facebookads', 'instagram', 'ig', 'threads', 'meta', 'twitter', 'x', 'tiktok', "
            ~ "'tiktok-ads', 'snapchat', 'linkedin', 'linkedin-ads', 'lnkd', 'pinterest', 'reddit', 'whatsapp', 'messenger', "
            ~ "'telegram', 'discord', 'tumblr', 'quora', 'vk', 'weibo', 'wechat', 'line', 'bluesky', 'mastodon', 'nextdoor', 'xing', "
            ~ "'social'",
        'search': "'google', 'bing', 'yahoo', 'duckduckgo', 'ecosia', 'baidu', 'yandex', 'qwant', 'startpage', 'brave', 'naver', "
            ~ "'daum', 'seznam', 'sogou', 'ask', 'aol', 'msn', 'lycos', 'dogpile', 'kagi', 'adwords', 'google-ads', 'googleads', "
            ~ "'bing-ads'",
    } -%}
    case
        when {{ host }} is null then null
        when {{ host }} not like '%.%' then
            case
                {%- for kind, names in by_name.items() %}
                    when {{ host }} in ({{ names }}) then '{{ kind }}'
                {%- endfor %}
            end
        else coalesce(
            {%- for labels in [4, 3, 2] %}
                case
                    {%- for kind, hosts in by_kind.items() %}
                        when {{ last_labels(host, labels) }} in ({{ hosts }}) then '{{ kind }}'
                    {%- endfor %}
                end{{ ',' if not loop.last }}
            {%- endfor %}
        )
    end
{%- endmacro %}

{#- The last labels of a host as text, such as google.co.uk for three; null where it has fewer. -#}
{% macro last_labels(host, labels) -%}
    {{ extract_pattern(host, '([^.]+[.]){' ~ (labels - 1) ~ '}[^.]+$', 0) }}
{%- endmacro %}

{#- Whether a host is one of `hosts` (a list) or a subdomain of one; false without a host. -#}
{% macro is_host_of(host, hosts) -%}
    {%- if hosts -%}
        coalesce(
            {%- for labels in [5, 4, 3, 2, 1] %}
                {{ last_labels(host, labels) }} in ('{{ hosts | map('lower') | join("', '") }}'){{ ' or' if not loop.last }}
            {%- endfor %},
            false
        )
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}

{#- Whether an event happened in a mailbox. Without a name it did not. -#}
{% macro is_email_event(event_name) -%}
    coalesce(
        {{ event_name }} in (
            'Email Delivered', 'Email Opened', 'Email Link Clicked', 'Email Bounced', 'Email Marked as Spam', 'Unsubscribed'
        ),
        false
    )
{%- endmacro %}

{#-
    Whether an event is an advertisement seen or clicked elsewhere, as a social network tells: a promotion with a campaign
    (of channel `channel`) but without a page of ours (`page_url`).
-#}
{% macro is_advertisement(event_name, page_url, channel) -%}
    coalesce(
        {{ event_name }} in ('Promotion Viewed', 'Promotion Clicked')
        and {{ page_url }} is null
        and {{ channel }} not in ('direct', 'internal'),
        false
    )
{%- endmacro %}
