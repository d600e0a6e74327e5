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
