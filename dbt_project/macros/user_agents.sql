{#- What a user agent (text as the client sends it) tells. -#}

{#-
    Whether it is a robot: it calls itself one (var bot_user_agent_pattern, in lower case), is on the kept list (`robots.sql`), or
    is a gateway that tries the links of mails before they are read. So is who names no browser at all (Mozilla/5.0), such as
    Apple's privacy proxy, which opens every mail, read or not. A program that shows a mail to a person is none. False without a
    user agent.
-#}
{% macro is_bot(user_agent) -%}
    coalesce(
        case
            when {{ is_mail_proxy(user_agent) }} then false
            when {{ matches_pattern('lower(' ~ user_agent ~ ')', var('bot_user_agent_pattern')) }} then true
            when {{ matches_pattern('lower(' ~ user_agent ~ ')', '^mozilla/5[.]0$|barracuda|proofpoint|mimecast|safelinks|fireeye|ironport|messagelabs') }}
                then true
            else {{ is_listed_robot(user_agent) }}
        end,
        false
    )
{%- endmacro %}

{#- Whether a mail service fetches a picture for the reader: Gmail's and Yahoo's proxies. They name a made-up browser. -#}
{% macro is_mail_proxy(user_agent) -%}
    coalesce({{ matches_pattern(user_agent, 'GoogleImageProxy|YahooMailProxy') }}, false)
{%- endmacro %}

{#-
    Whether a request comes from a program's library for HTTP, such as a shop's server that tells an order. It says nothing of
    the visitor.
-#}
{% macro is_http_library(user_agent) -%}
    coalesce(
        {{ matches_pattern(
            'lower(' ~ user_agent ~ ')',
            '^(python|curl|wget|okhttp|axios|node|undici|got |go-http|java|apache-http|jakarta|libwww|guzzle|php|ruby|faraday|dart|'
            ~ 'postman|insomnia|httpie|analytics-|rudder|segment|restsharp|[.]net)'
        ) }},
        false
    )
{%- endmacro %}

{#-
    Kind of device: mobile, tablet or desktop. An app tells its platform (`device_type`: ios, android) and often no user
    agent; a browser the user agent. Android is a tablet where "mobile" is missing, as its makers ask for.
-#}
{% macro device_type(user_agent, device_type) -%}
    case
        when {{ matches_pattern('lower(' ~ user_agent ~ ')', 'ipad|tablet|kindle|silk/') }} then 'tablet'
        when {{ matches_pattern('lower(' ~ user_agent ~ ')', 'mobi|iphone|ipod') }} then 'mobile'
        when {{ matches_pattern('lower(' ~ user_agent ~ ')', 'android') }} then 'tablet'
        when lower({{ device_type }}) in ('mobile', 'tablet', 'desktop') then lower({{ device_type }})
        when lower({{ device_type }}) in ('ios', 'android') then 'mobile'
        when {{ matches_pattern(user_agent, '^Mozilla/') }} then 'desktop'
    end
{%- endmacro %}

{#- Operating system: as the client names it (`os_name`), else by the user agent: iOS, Android, Windows, macOS, Linux. -#}
{% macro os_name(user_agent, os_name) -%}
    coalesce(
        {{ os_name }},
        case
            when {{ matches_pattern(user_agent, 'iPhone|iPad|iPod') }} then 'iOS'
            when {{ matches_pattern(user_agent, 'Android') }} then 'Android'
            when {{ matches_pattern(user_agent, 'Windows') }} then 'Windows'
            when {{ matches_pattern(user_agent, 'Macintosh|Mac OS X') }} then 'macOS'
            when {{ matches_pattern(user_agent, 'Linux|CrOS') }} then 'Linux'
        end
    )
{%- endmacro %}
