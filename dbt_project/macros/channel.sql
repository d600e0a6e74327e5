{#-
    Channel by which a visitor came, the first that applies:

    | channel | rule |
    |---|---|
    | email | an e-mail event; else medium or source of the campaign (UTM) name e-mail or a newsletter |
    | sms, push, affiliate | medium of the campaign |
    | display | medium of the campaign: display, banner, cpm |
    | paid_social | medium paid (cpc, ppc, paid…) with a social network as source, or itself "paid social" |
    | paid_search | any other paid medium; or the click id of a search advertisement (gclid, msclkid) without a medium |
    | social | medium social, or no medium and a social network as source |
    | organic_search | medium organic, or no medium and a search engine as source |
    | referral | medium referral |
    | other | any other campaign |
    | internal | no campaign; the referrer is a page of the same host |
    | email, organic_search, social, referral | no campaign; the referrer is web mail, a search engine, a social network, any other |
    | direct | neither campaign nor referrer |

    Follows the default channel groups of Google Analytics 4. The arguments are SQL: `is_email` boolean; `utm_source` and
    `utm_medium` text in lower case; `referrer_host` and `page_host` text in lower case; `ad_click_id` text.
-#}
{% macro channel(is_email, utm_source, utm_medium, ad_click_id, referrer_host, page_host) -%}
    {%- set start = '(^|[._ -])' -%}
    {%- set end = '([._ -]|$)' -%}
    {%- set social = start ~ '(facebook|fb|instagram|ig|meta|tiktok|pinterest|linkedin|lnkd|twitter|reddit|snapchat'
        ~ '|youtube|threads|social)' ~ end ~ '|^(t[.]co|x[.]com|youtu[.]be)$' -%}
    {%- set search = start ~ '(google|bing|yahoo|duckduckgo|ecosia|baidu|yandex|qwant|startpage|brave)' ~ end -%}
    {%- set mail = start ~ '(mail|gmail|outlook|email|e-mail|newsletter)' ~ end ~ '|com[.]google[.]android[.]gm' -%}
    {%- set paid = '^(cpc|ppc|cpv|cpa|sem|retargeting|paid.*|.*paid)$' -%}
    case
        when {{ is_email }} then 'email'
        when {{ matches_pattern(utm_medium, mail) }} or {{ matches_pattern(utm_source, mail) }} then 'email'
        when {{ utm_medium }} = 'sms' then 'sms'
        when {{ matches_pattern(utm_medium, start ~ 'push' ~ end) }} then 'push'
        when {{ utm_medium }} in ('affiliate', 'affiliates') then 'affiliate'
        when {{ utm_medium }} in ('display', 'banner', 'cpm', 'interstitial') then 'display'
        when {{ matches_pattern(utm_medium, '^(paid[ _-]?social|social[ _-]?paid)$') }} then 'paid_social'
        when {{ matches_pattern(utm_medium, paid) }}
            then case when {{ matches_pattern(utm_source, social) }} then 'paid_social' else 'paid_search' end
        when {{ utm_medium }} is null and {{ ad_click_id }} is not null then 'paid_search'
        when {{ matches_pattern(utm_medium, start ~ '(social|sm)' ~ end) }} then 'social'
        when {{ utm_medium }} is null and {{ matches_pattern(utm_source, social) }} then 'social'
        when {{ utm_medium }} = 'organic' then 'organic_search'
        when {{ utm_medium }} is null and {{ matches_pattern(utm_source, search) }} then 'organic_search'
        when {{ utm_medium }} = 'referral' then 'referral'
        when {{ utm_source }} is not null or {{ utm_medium }} is not null then 'other'
        when {{ referrer_host }} = {{ page_host }} then 'internal'
        when {{ matches_pattern(referrer_host, mail) }} then 'email'
        when {{ matches_pattern(referrer_host, search) }} then 'organic_search'
        when {{ matches_pattern(referrer_host, social) }} then 'social'
        when {{ referrer_host }} is not null then 'referral'
        else 'direct'
    end
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
