{#- What a user agent (text as the client sends it) tells. -#}

{#- Whether it is a robot: the user agent names one (var bot_user_agent_pattern). False without a user agent. -#}
{% macro is_bot(user_agent) -%}
    coalesce({{ matches_pattern('lower(' ~ user_agent ~ ')', var('bot_user_agent_pattern')) }}, false)
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
