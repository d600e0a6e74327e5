{#- Digits behind the point of a currency's smallest unit (ISO 4217), where they are not two. -#}
{% macro unusual_currency_digits() -%}
    {%- set digits = {'CLF': 4, 'UYW': 4} -%}
    {%- for code in 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split() -%}
        {%- do digits.update({code: 0}) -%}
    {%- endfor -%}
    {%- for code in 'BHD IQD JOD KWD LYD OMR TND'.split() -%}
        {%- do digits.update({code: 3}) -%}
    {%- endfor -%}
    {{ return(digits) }}
{%- endmacro %}

{#- Digits behind the point of the platform's currency. -#}
{% macro currency_digits() -%}
    {{ return(dmp.unusual_currency_digits().get(var('currency'), 2)) }}
{%- endmacro %}
