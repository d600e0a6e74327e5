{#-
    What the words of a consent mean. A word is a category as a site, a consent manager or a file names it; its capitals,
    blanks, hyphens and underscores do not count. It stands for purposes (var consent_purposes) and channels (var
    contact_channels), the platform's own words; `not sale` means that yes to the category is no to the sale. Of a word
    with the name of its manager before it (`iubenda:4`) the meaning with the manager counts, else that without.
-#}

{#- Words that mean purposes and channels, for everyone; a project's var consent_categories adds to them and replaces some. -#}
{% macro usual_consent_categories() -%}
    {%- set meanings = {
        'analytics': [
            'analytics storage', 'analytical', 'statistics', 'statistical', 'performance', 'measurement', 'C0002',
            'Statistik', 'Statistiken', 'statistiques', 'estadísticas', 'statistiche', 'statistieken', '统计', '分析',
            'purpose 8', 'purpose 9', 'IAB 8', 'IAB 9', 'IABV2_8', 'IABV2_9', 'IAB2V2_8', 'IAB2V2_9', 'iubenda:4',
        ],
        'personalization': [
            'personalisation', 'personalization storage', 'preferences', 'functional', 'functionality',
            'functionality storage', 'experience', 'C0003', 'Personalisierung', 'Präferenzen', 'préférences',
            'personnalisation', 'preferencias', 'preferenze', 'voorkeuren', '个性化',
            'purpose 5', 'purpose 6', 'IAB 5', 'IAB 6', 'IABV2_5', 'IABV2_6', 'IAB2V2_5', 'IAB2V2_6', 'iubenda:3',
        ],
        'marketing': ['direct marketing', 'promotional'],
        'advertising': [
            'ads', 'advertisement', 'ad storage', 'ad user data', 'ad personalization', 'targeting', 'targeted advertising',
            'retargeting', 'social media', 'C0004', 'C0005', 'Werbung', 'publicité', 'publicidad', 'pubblicità',
            'reclame', '广告', 'cookiebot:marketing', 'usercentrics:marketing', 'iubenda:5',
            'purpose 2', 'purpose 3', 'purpose 4', 'purpose 7', 'IAB 2', 'IAB 3', 'IAB 4', 'IAB 7',
            'IABV2_2', 'IABV2_3', 'IABV2_4', 'IABV2_7', 'IAB2V2_2', 'IAB2V2_3', 'IAB2V2_4', 'IAB2V2_7',
        ],
        'sale': ['data sale', 'data sharing', 'sell', 'share', 'sale of data', 'sale or sharing'],
        'not sale': ['do not sell', 'do not sell or share', 'gpc', 'global privacy control', 'CCPA opt out'],
        'email': ['e-mail', 'newsletter', 'email marketing', 'E-Mail-Marketing', '电子邮件'],
        'sms': ['sms marketing', 'text message', 'text messages', '短信'],
        'phone': ['telephone', 'call', 'calls', 'Telefon', '电话'],
        'push': ['push notification', 'push notifications', 'web push'],
        'postal': ['post', 'direct mail', 'letter', 'letters', '邮寄'],
        'onsite': ['on site', 'in app'],
        '': [
            'necessary', 'strictly necessary', 'essential', 'required', 'security', 'security storage', 'C0001',
            'notwendig', 'nécessaires', 'necesarias', 'necessari', 'noodzakelijk', 'purpose 1', 'IAB 1', 'IABV2_1',
            'IAB2V2_1', 'purpose 10', 'purpose 11', 'IABV2_10', 'IABV2_11', 'IAB2V2_10', 'IAB2V2_11', 'iubenda:1',
            'iubenda:2',
        ],
    } -%}
    {%- set categories = {} -%}
    {%- for meaning, words in meanings.items() -%}
        {%- for word in words -%}
            {%- do categories.update({word: [meaning] if meaning else []}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(categories) }}
{%- endmacro %}

{#- One of the settings that are a table: an entry per word. -#}
{% macro consent_setting(name) -%}
    {%- set words = var(name) -%}
    {%- if words is not mapping -%}
        {{ exceptions.raise_compiler_error(
            "dbt_project.yml: the var " ~ name ~ " is a table, such as {email: opt_in}; it is " ~ words
            ~ ". See docs/permissions.md."
        ) }}
    {%- endif -%}
    {{ return(words) }}
{%- endmacro %}

{#- The platform's own words: purposes, then channels. -#}
{% macro permission_words() -%}
    {%- set purposes = consent_setting('consent_purposes').keys() | list -%}
    {{ return(purposes + (consent_setting('contact_channels').keys() | list)) }}
{%- endmacro %}

{#- A word as it is compared: in lower case, without blanks, hyphens and underscores. -#}
{% macro plain_word(word) -%}
    {{ return((word | string | lower).replace(' ', '').replace('-', '').replace('_', '')) }}
{%- endmacro %}

{#- The same of a column of text. -#}
{% macro consent_word(column) -%}
    replace(replace(replace(lower({{ trimmed(column) }}), ' ', ''), '-', ''), '_', '')
{%- endmacro %}

{#- What each word means, a list of the platform's words, by the word as it is compared. -#}
{% macro consent_categories() -%}
    {%- set known = permission_words() -%}
    {%- set categories = {} -%}
    {%- for word in known -%}
        {%- do categories.update({plain_word(word): [word]}) -%}
    {%- endfor -%}
    {%- set usual = usual_consent_categories() -%}
    {%- for word, meanings in usual.items() -%}
        {%- set meant = [] -%}
        {%- for meaning in meanings if meaning | replace('not ', '') in known -%}
            {%- do meant.append(meaning) -%}
        {%- endfor -%}
        {%- if meant or not meanings -%}
            {%- do categories.update({plain_word(word): meant}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for word, meanings in consent_setting('consent_categories').items() -%}
        {%- set meant = [meanings] if meanings is string else meanings -%}
        {%- for meaning in meant if meaning | replace('not ', '') not in known -%}
            {{ exceptions.raise_compiler_error(
                "dbt_project.yml: the var consent_categories says that '" ~ word ~ "' means '" ~ meaning
                ~ "'; it can mean " ~ known | join(', ') ~ ", each also with 'not ' before it, or [] for none of them."
            ) }}
        {%- endfor -%}
        {%- do categories.update({plain_word(word): meant}) -%}
    {%- endfor -%}
    {{ return(categories) }}
{%- endmacro %}

{#-
    Relation: what each category means. One row per category and purpose or channel: `category` as `consent_word` has it,
    `meaning` (null: none), `is_opposite` where yes to the category is no.
-#}
{% macro consent_meanings() -%}
    select
        category,
        meaning,
        is_opposite
    from (
        values
        {%- for category, meanings in consent_categories().items() %}
            {%- for meaning in meanings or [none] %}
                {%- set literal = 'cast(null as string)' if meaning is none else text_literal(meaning | replace('not ', '')) %}
        ({{ text_literal(category) }}, {{ literal }}, {{ 'true' if (meaning or '').startswith('not ') else 'false' }})
                {{- ',' if not loop.last }}
            {%- endfor %}
            {{- ',' if not loop.last }}
        {%- endfor %}
    ) as listed (category, meaning, is_opposite)
{%- endmacro %}

{#-
    Relation: rows of another with what a column of words means: one row per row and `meaning`. A word that means nothing
    to the platform, or is not known (`is_known`), stands for itself alone.
-#}
{% macro translated(relation, column) -%}
    {%- set word = consent_word(relation ~ '.' ~ column) -%}
    select
        {{ relation }}.*,
        coalesce(exact.meaning, general.meaning, {{ source_id(word) }}) as meaning,
        coalesce(exact.is_opposite, general.is_opposite, false) as is_opposite,
        exact.category is not null or general.category is not null as is_known
    from {{ relation }}
    left join ({{ consent_meanings() }}) as exact on {{ word }} = exact.category
    -- An equation of both sides: with a second condition every row would be compared with every category.
    left join ({{ consent_meanings() }}) as general
        on case when exact.category is null then {{ source_id(word) }} end = general.category
{%- endmacro %}

{#- Relation: every purpose. -#}
{% macro every_purpose() -%}
    select purpose
    from (
        values
        {%- for purpose in consent_setting('consent_purposes') %}
        ({{ text_literal(purpose) }}){{ ',' if not loop.last }}
        {%- endfor %}
    ) as listed (purpose)
{%- endmacro %}

{#- The channel (text) that an event refuses by its name, by var refusing_events; null for most. -#}
{% macro refused_channel(event_name) -%}
    case {{ event_name }}
        {%- for name, channel in consent_setting('refusing_events').items() %}
            {%- if channel not in var('contact_channels') -%}
                {{ exceptions.raise_compiler_error(
                    "dbt_project.yml: the var refusing_events has '" ~ channel ~ "' for " ~ name
                    ~ ", which contact_channels does not name."
                ) }}
            {%- endif %}
        when {{ text_literal(name) }} then {{ text_literal(channel) }}
        {%- else %}
        when null then cast(null as string)
        {%- endfor %}
    end
{%- endmacro %}

{#- Channels that reach a person by an address or number, wherever the person is; the others are of a device. -#}
{% macro addressed_channels() -%}
    {{ return(['email', 'sms', 'phone', 'postal']) }}
{%- endmacro %}

{#- Whether a word (text) is a channel with an address. -#}
{% macro has_address(word) -%}
    {{ word }} in ('{{ addressed_channels() | join("', '") }}')
{%- endmacro %}

{#-
    Whether a consent map (JSON text, as `consent_word` has it) may speak of a channel that has an address; true for some
    that do not.
-#}
{% macro speaks_of_addresses(consent) -%}
    {%- set words = [] -%}
    {%- for category, meanings in consent_categories().items()
        if meanings | map('replace', 'not ', '') | select('in', addressed_channels()) | list -%}
        {%- do words.append(category.split(':') | last) -%}
    {%- endfor -%}
    (
        {%- for word in words | unique %}
        contains({{ consent }}, {{ text_literal(word ~ '"') }}){{ ' or' if not loop.last }}
        {%- else %}
        false
        {%- endfor %}
    )
{%- endmacro %}

{#- Default of a purpose or channel (boolean): what holds while nobody has decided; `opt_out` is yes, `opt_in` no. -#}
{% macro is_allowed_if_unknown(setting, word) -%}
    {%- set choice = consent_setting(setting)[word] -%}
    {%- if choice not in ('opt_in', 'opt_out') -%}
        {{ exceptions.raise_compiler_error(
            "dbt_project.yml: the var " ~ setting ~ " has '" ~ choice ~ "' for " ~ word
            ~ "; give opt_in (no, until the person says yes) or opt_out (yes, until the person says no)."
        ) }}
    {%- endif -%}
    {{ return('true' if choice == 'opt_out' else 'false') }}
{%- endmacro %}

{#-
    Relation: the purposes and channels that are asked about, from vars consent_purposes, contact_channels and
    contact_uses. One row per pair; `channel` is `any` for a purpose that is for no contact.
-#}
{% macro permission_pairs() -%}
    {%- set purposes, channels = consent_setting('consent_purposes'), consent_setting('contact_channels') -%}
    {%- set uses = consent_setting('contact_uses') -%}
    {%- for purpose, used in uses.items() -%}
        {%- for word in [purpose] | reject('in', purposes) | list + used | reject('in', channels) | list -%}
            {{ exceptions.raise_compiler_error(
                "dbt_project.yml: the var contact_uses has '" ~ word ~ "', which is "
                ~ ("no purpose of consent_purposes." if word == purpose else "no channel of contact_channels.")
            ) }}
        {%- endfor -%}
    {%- endfor -%}
    {%- for purpose in purposes %}
        {%- for channel in uses.get(purpose, ['any']) %}
    select
        '{{ purpose }}' as purpose,
        '{{ channel }}' as channel,
        {{ is_allowed_if_unknown('consent_purposes', purpose) }} as is_purpose_allowed_if_unknown,
        {{ 'true' if channel == 'any' else is_allowed_if_unknown('contact_channels', channel) }}
            as is_channel_allowed_if_unknown
            {%- if not loop.last %}
    union all
            {%- endif %}
        {%- endfor %}
        {%- if not loop.last %}
    union all
        {%- endif %}
    {%- endfor %}
{%- endmacro %}
