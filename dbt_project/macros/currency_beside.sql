{#- What stands for a currency beside an amount, in lower case, with the ISO 4217 codes of which it may be one. -#}
{% macro currency_words() -%}
    {{ return({
        '€': ['EUR'], '£': ['GBP', 'EGP', 'FKP', 'GIP', 'LBP', 'SDG', 'SHP', 'SSP', 'SYP'], '¥': ['JPY', 'CNY'],
        '￥': ['JPY', 'CNY'], '元': ['CNY', 'HKD', 'MOP', 'TWD'], '円': ['JPY'], '₹': ['INR'], '₽': ['RUB'], '₩': ['KRW', 'KPW'],
        '₺': ['TRY'], '₴': ['UAH'], '₫': ['VND'], '฿': ['THB'], '₪': ['ILS'], '₦': ['NGN'], '₱': ['PHP'],
        '$': [
            'USD', 'ARS', 'AUD', 'BBD', 'BMD', 'BND', 'BSD', 'BZD', 'CAD', 'CLP', 'COP', 'CVE', 'DOP', 'FJD', 'GYD', 'HKD', 'JMD',
            'KYD', 'LRD', 'MXN', 'NAD', 'NZD', 'SBD', 'SGD', 'SRD', 'TTD', 'TWD', 'UYU', 'XCD',
        ],
        'us$': ['USD'], 'c$': ['CAD'], 'ca$': ['CAD'], 'cad$': ['CAD'], 'a$': ['AUD'], 'au$': ['AUD'], 'nz$': ['NZD'], 's$': ['SGD'],
        'hk$': ['HKD'], 'nt$': ['TWD'], 'mx$': ['MXN'], 'r$': ['BRL'], 'kr': ['SEK', 'DKK', 'ISK', 'NOK'], 'fr': ['CHF'],
        'rs': ['INR', 'LKR', 'MUR', 'NPR', 'PKR', 'SCR'], 'kč': ['CZK'], 'zł': ['PLN'], 'ft': ['HUF'], 'lei': ['RON', 'MDL'],
    }) }}
{%- endmacro %}

{#- Currency of a source's own column as an ISO 4217 code in upper case; of an amount such as `10.00 eur`, what stands beside it. -#}
{% macro parse_currency(text) -%}
    upper(coalesce({{ dmp.extract_pattern(text, '(^|[^A-Za-z])([A-Z]{3}|[a-z]{3})([^A-Za-z]|$)', 2) }}, {{ text }}))
{%- endmacro %}

{#-
    Currency of a row: the one that is declared (text), or `EUR or usd` where an amount in one of the columns has another sign or
    code beside it. A row of two currencies is rejected.
-#}
{% macro currency_held(declared, columns) -%}
    {%- set others = [] -%}
    {%- for column in columns -%}
        {%- do others.append(dmp.other_currency_beside(declared, column)) -%}
    {%- endfor -%}
    {{ declared }} || coalesce(' or ' || coalesce({{ others | join(', ') }}, null), '')
{%- endmacro %}

{#- What stands beside an amount in a column and is not the currency (text), as it is written; null where nothing does. -#}
{% macro other_currency_beside(currency, column) -%}
    {%- set text = dmp.trimmed('cast(' ~ column ~ ' as string)') -%}
    {%- set beside = dmp.replace_pattern(text, '[^A-Za-zčłČŁ$€£¥￥元円₹₽₩₺₴₫฿₪₦₱]', '') -%}
    {%- set words, pairs = [], [] -%}
    {%- for word, codes in dmp.currency_words().items() -%}
        {%- do words.append("'" ~ word ~ "'") -%}
        {%- for code in codes -%}
            {%- do pairs.append("'" ~ word ~ ' ' ~ code ~ "'") -%}
        {%- endfor -%}
    {%- endfor -%}
    case
        when {{ dmp.matches_pattern(text, '^[0-9.,+ -]*$') }} then null
        when lower({{ beside }}) || ' ' || {{ currency }} in ({{ pairs | join(', ') }}) or upper({{ beside }}) = {{ currency }} then null
        when lower({{ beside }}) in ({{ words | join(', ') }}) or {{ dmp.matches_pattern(beside, '^([A-Z]{3}|[a-z]{3})$') }}
            then {{ beside }}
    end
{%- endmacro %}
