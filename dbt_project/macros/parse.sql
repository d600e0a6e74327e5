{#- Text of a source as the values of a contract table; null where it is none, so that validation rejects the row. -#}

{#-
    Text without blanks of any kind around it; null where nothing is left, or only a word for nothing (var missing_values).
-#}
{% macro parse_text(column) -%}
    {%- set text = dmp.trimmed('cast(' ~ column ~ ' as string)') -%}
    case when lower({{ text }}) not in ({{ dmp.word_list([''] + dmp.missing_values()) }}) then {{ text }} end
{%- endmacro %}

{#- Text of a floating-point number; a whole one has no point. -#}
{% macro float_text(column) -%}
    case
        when {{ column }} = try_cast({{ column }} as bigint) then cast(try_cast({{ column }} as bigint) as string)
        else cast({{ column }} as string)
    end
{%- endmacro %}

{#- Words in lower case as a list of literals. -#}
{% macro word_list(words) -%}
    {%- set literals = [] -%}
    {%- for word in words -%}
        {%- do literals.append(dmp.text_literal(word | string | lower)) -%}
    {%- endfor -%}
    {{ literals | join(', ') }}
{%- endmacro %}

{#-
    Id as text, however a spreadsheet or a program wrote it: `17.0` is 17, `'0017` and `="0017"` (protected from a
    spreadsheet) are 0017. Leading zeros stay, unless `strip_zeros` says that they tell nothing. One that has lost its digits
    stays as it is, and its row is rejected (see is_damaged_id).
-#}
{% macro parse_id(column, strip_zeros=false) -%}
    {%- set text = dmp.trimmed('cast(' ~ column ~ ' as string)') -%}
    {%- set is_float = dmp.matches_pattern(text, '^[0-9]+[.]00?$') -%}
    {%- set id -%}
        case
            when {{ text }} like '%.0%' and {{ is_float }} then split_part({{ text }}, '.', 1)
            when {{ text }} like {{ dmp.text_literal("'%") }} then nullif(substring({{ text }}, 2), '')
            when {{ text }} like '="%"' then nullif(substring({{ text }}, 3, length({{ text }}) - 3), '')
            else {{ dmp.parse_text(column) }}
        end
    {%- endset -%}
    {%- if strip_zeros -%}
        case
            when {{ dmp.matches_pattern(id, '^0[0-9]+$') }} then coalesce(nullif(trim(leading '0' from {{ id }}), ''), '0')
            else {{ id }}
        end
    {%- else -%}
        {{ id }}
    {%- endif -%}
{%- endmacro %}

{#- Id of a customer (see parse_id); null where it stands for nobody (var guest_customers, and those that the source names). -#}
{% macro parse_customer_id(column, strip_zeros=false, nobody=[]) -%}
    {%- set id = dmp.parse_id(column, strip_zeros) -%}
    case when lower({{ id }}) not in ({{ dmp.word_list(dmp.guest_customers() + nobody) }}) then {{ id }} end
{%- endmacro %}

{#-
    Number with `decimal_mark` '.' or ','. Between groups of three digits (or, as in India, of two) it may have the other mark,
    blanks or apostrophes. The column may also be a number already. What contradicts the mark is null.
-#}
{% macro parse_decimal(column, precision, scale, decimal_mark='.') -%}
    {%- set text = dmp.trimmed('cast(' ~ column ~ ' as string)') -%}
    {{ dmp.try_to_decimal(dmp.number_text(text, decimal_mark, ''), precision, scale) }}
{%- endmacro %}

{#-
    Amount of money of the type that all amounts have (var amount_type), rounded to its digits: a number (see parse_decimal)
    that may have a currency's sign or ISO 4217 code before or behind it.
-#}
{% macro parse_amount(column, decimal_mark='.') -%}
    {%- set digits = var('amount_type', 'decimal(12, 2)') | replace('decimal(', '') | replace(')', '') -%}
    {%- set text = dmp.trimmed('cast(' ~ column ~ ' as string)') -%}
    {{ dmp.try_to_decimal(
        dmp.number_text(text, decimal_mark, dmp.money_words()), digits.split(',')[0] | int, digits.split(',')[1] | int
    ) }}
{%- endmacro %}

{#-
    Amount that a column has in the smallest unit of its currency (text: an ISO 4217 code): 1999 is 19.99 in most, 1999 in yen and
    1.999 in dinars. See parse_decimal.
-#}
{% macro parse_minor_units(column, currency, decimal_mark='.') -%}
    cast(
        {{ dmp.parse_decimal(column, 18, 2, decimal_mark) }} * case upper({{ currency }})
            {%- for code, digits in dmp.unusual_currency_digits().items() %}
            when '{{ code }}' then cast({{ 10 ** -digits }} as decimal(5, 4))
            {%- endfor %}
            else cast(0.01 as decimal(5, 4))
        end as {{ var('amount_type', 'decimal(12, 2)') }}
    )
{%- endmacro %}

{#- What may stand before or behind an amount (pattern): a currency's sign, its code, or how it is usually shortened. -#}
{% macro money_words() -%}
([A-Z]{0,3}[$€£¥￥₹₽₩₺₴₫฿₪₦₱]|[A-Z]{3}|[a-z]{3}|Fr[.]?|Rs[.]?|kr[.]?|Kč|zł|Ft|lei|元|円)?
{%- endmacro %}

{#-
    The number in a text as SQL reads it (text); null where the text is none. A minus may stand before or behind it, brackets
    are a minus too, and `,-` or `,--` behind it are no cents.
-#}
{% macro number_text(text, decimal_mark, words) -%}
    {%- set group_mark = ',' if decimal_mark == '.' else '.' -%}
    {%- set blanks = ' \u00a0\u2007\u2009\u202f' -%}
    {%- set gap = '[' ~ blanks ~ ']*' -%}
    {%- set plain = '^[+-]?[0-9]*([' ~ decimal_mark ~ '][0-9]*)?([eE][+-]?[0-9]+)?$' -%}
    {%- set grouped = '[1-9][0-9]{0,2}(([' ~ group_mark ~ '][0-9]{2})*[' ~ group_mark ~ '][0-9]{3}|([' ~ group_mark
        ~ '][0-9]{3})+|([' ~ blanks ~ '][0-9]{3})+|([’´`' ~ "''" ~ '][0-9]{3})+)' -%}
    {%- set number = '(' ~ grouped ~ '|[0-9]+)([' ~ decimal_mark ~ ']([0-9]*|--?|[–—]))?' -%}
    {%- set sign = '[+−–-]?' -%}
    {%- set dressed = '^((' ~ sign ~ gap ~ words ~ '|' ~ words ~ gap ~ sign ~ ')' ~ gap ~ number ~ gap ~ words
        ~ '|' ~ words ~ gap ~ number ~ gap ~ '([−–-]' ~ gap ~ words ~ '|' ~ words ~ gap ~ '[−–-])'
        ~ '|[(]' ~ gap ~ words ~ gap ~ number ~ gap ~ words ~ gap ~ '[)])$' -%}
    {%- set digits = dmp.replace_pattern(dmp.extract_pattern(text, '[0-9].*[0-9]|[0-9]', 0), '[^0-9' ~ decimal_mark ~ ']', '') -%}
    {%- set is_below_0 = dmp.matches_pattern(text, '^[(]|^[^0-9]*[−–-]|[^' ~ decimal_mark ~ '−–-][−–-][^0-9−–-]*$') -%}
    case
        when {{ dmp.matches_pattern(text, plain) }} then {% if decimal_mark == '.' %}{{ text }}{% else %}replace({{ text }}, ',', '.'){% endif %}
        when {{ dmp.matches_pattern(text, dressed) }}
            then case when {{ is_below_0 }} then '-' else '' end || replace({{ digits }}, '{{ decimal_mark }}', '.')
    end
{%- endmacro %}

{#- Yes or no in the words and digits of several languages. -#}
{% macro parse_boolean(column) -%}
    case
        when
            lower({{ dmp.trimmed('cast(' ~ column ~ ' as string)') }}) in (
                'true', 't', 'yes', 'y', '1', 'ja', 'j', 'oui', 'o', 'si', 'sí', 'sì', 'sim', 's', 'tak', 'da', 'да', '是', 'はい'
            )
            then true
        when
            lower({{ dmp.trimmed('cast(' ~ column ~ ' as string)') }}) in (
                'false', 'f', 'no', 'n', '0', 'nein', 'nee', 'non', 'não', 'nao', 'nie', 'нет', '否', 'いいえ'
            )
            then false
    end
{%- endmacro %}

{#-
    Wall time (timestamp) in a column, without the offset that it may have. `format`: 'iso' for a timestamp or its ISO 8601
    text; 'excel' for the days since 1900 that a spreadsheet has behind a date, such as 45123.5; else as parse_time has it, or
    strptime, such as '%d.%m.%Y %H:%M'. A year of two digits where four are expected is
    null, never the year 25.
-#}
{% macro parse_wall_time(column, format='iso') -%}
    {%- if format == 'iso' -%}
        try_cast({{ column }} as timestamp)
    {%- elif format in ('mixed', 'offset') -%}
        try_cast(substring({{ dmp.trimmed('cast(' ~ column ~ ' as string)') }}, 1, 19) as timestamp)
    {%- elif format in ('epoch', 'epoch_ms', 'epoch_us') -%}
        {{ dmp.parse_time(column, format) }}
    {%- elif format == 'excel' -%}
        {#- Whole seconds: a spreadsheet's fraction of a day is not exact. -#}
        {%- set days = "try_cast(replace(cast(" ~ column ~ " as string), ',', '.') as double)" -%}
        {{ dmp.epoch_to_utc('round((' ~ days ~ ' - 25569) * 86400)', 1000000) }}
    {%- elif '%Y' in format -%}
        {%- set time = dmp.try_parse_timestamp(dmp.trimmed('cast(' ~ column ~ ' as string)'), format) -%}
        case when {{ time }} >= timestamp '1000-01-01' then {{ time }} end
    {%- else -%}
        {{ dmp.try_parse_timestamp(dmp.trimmed('cast(' ~ column ~ ' as string)'), format) }}
    {%- endif -%}
{%- endmacro %}

{#-
    UTC timestamp of a column. `format`: 'offset' for times that tell their offset or zone, 'mixed' for ISO 8601 texts of which
    some tell it and some do not, 'epoch', 'epoch_ms' and 'epoch_us' for seconds, milliseconds and microseconds since 1970.
    A time without an offset (see parse_wall_time) is the wall time in `time_zone`; one with an offset never is.
    A wall time that a change of the clock skips counts on as if the clock had not changed (02:30 is 03:30); one that
    comes twice is the second (standard time).
-#}
{% macro parse_time(column, format='iso', time_zone='UTC') -%}
    {%- set counts = {'epoch': 1000000, 'epoch_ms': 1000, 'epoch_us': 1} -%}
    {%- if format == 'offset' -%}
        {{ dmp.try_offset_time_to_utc(column) }}
    {%- elif format in counts -%}
        {{ dmp.epoch_to_utc('try_cast(' ~ column ~ ' as decimal(24, 6))', counts[format]) }}
    {%- elif '%z' in format -%}
        {{ dmp.try_parse_offset_time(dmp.trimmed('cast(' ~ column ~ ' as string)'), format) }}
    {%- elif format == 'mixed' -%}
        {%- set has_offset = dmp.matches_pattern(dmp.trimmed('cast(' ~ column ~ ' as string)'),
            '[A-Za-z)]$|:[0-9.,]+ *(GMT|UTC)?[+-][0-9]{1,2}(:?[0-9]{2})?$') ~ ' or ' ~ column ~ " like '%]'" -%}
        case
            when {{ has_offset }} then {{ dmp.try_offset_time_to_utc(column) }}
            else {{ dmp.to_utc(dmp.parse_wall_time(column), time_zone) }}
        end
    {%- else -%}
        {{ dmp.to_utc(dmp.parse_wall_time(column, format), time_zone) }}
    {%- endif -%}
{%- endmacro %}

{#-
    UTC timestamp of a column whose wall times are those of the time zone in another (text, one of var time_zones); see parse_time.
    In any other zone it is taken as UTC, and the row is rejected for its zone.
-#}
{% macro parse_time_by_zone(column, format, time_zone) -%}
    {%- if format in ('offset', 'epoch', 'epoch_ms', 'epoch_us') or not var('time_zones', []) -%}
    {{ dmp.parse_time(column, format) }}
    {%- else -%}
    case {{ time_zone }}
        {%- for zone in var('time_zones', []) %}
        when '{{ zone }}' then {{ dmp.parse_time(column, format, zone) }}
        {%- endfor %}
        else {{ dmp.parse_time(column, format) }}
    end
    {%- endif -%}
{%- endmacro %}

{#-
    Text of a time with its offset as +02:00, from the ways in which programs write one: the day of the week before it, blanks,
    GMT or UTC before the offset, the zone's name in brackets behind it, or a short name in its place (CEST). One that stands
    for several zones (CST, IST) stays and is no offset.
-#}
{% macro offset_text(column) -%}
    {%- set bare = "split_part(split_part(" ~ dmp.trimmed('cast(' ~ column ~ ' as string)') ~ ", '(', 1), '[', 1)" -%}
    {%- set name = dmp.extract_pattern(bare, '[0-9] ([A-Z]{3,4}) *$', 1) -%}
    {%- set text = dmp.replace_pattern(bare, '^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? *| *$', '') -%}
    {%- set text = dmp.replace_pattern(text, ' *[Zz]$| [A-Z]{3,4}$', '+00:00') -%}
    {%- set text = dmp.replace_pattern(text, ' *(GMT|UTC)?([+-][0-9]{2}):?([0-9]{2})?$', '$2:$3') -%}
    {%- set text = dmp.replace_pattern(text, ':$', ':00') -%}
    {%- set text = dmp.replace_pattern(text, '([T ][0-9]{1,2}:[0-9]{2})([+-])', '$1:00$2') -%}
    {%- set offsets = {
        'UTC': '+00:00', 'GMT': '+00:00', 'EST': '-05:00', 'EDT': '-04:00', 'CDT': '-05:00', 'MST': '-07:00', 'MDT': '-06:00', 'PST': '-08:00', 'PDT': '-07:00',
        'WET': '+00:00', 'WEST': '+01:00', 'CET': '+01:00', 'CEST': '+02:00', 'EET': '+02:00', 'EEST': '+03:00', 'BST': '+01:00',
        'MSK': '+03:00', 'JST': '+09:00', 'KST': '+09:00', 'AEST': '+10:00', 'AEDT': '+11:00',
    } -%}
    replace({{ text }}, case when {{ name }} is null then '' else '+00:00' end, case {{ name }}
        {%- for short, offset in offsets.items() %}
        when '{{ short }}' then '{{ offset }}'
        {%- endfor %}
        else '?'
    end)
{%- endmacro %}
