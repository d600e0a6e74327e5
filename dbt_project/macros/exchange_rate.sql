{#-
    What one unit of a currency (ISO 4217 text) is worth in var currency at a date or timestamp, by var exchange_rates; null
    where no rate is declared.
-#}
{% macro exchange_rate(currency, at) -%}
    cast(
        case
            when {{ currency }} = '{{ var("currency") }}' then 1
            {%- for code, rates in var('exchange_rates').items() %}
            {%- for from_date, rate in rates | dictsort(reverse=true) %}
            when {{ currency }} = '{{ code }}' and {{ at }} >= date '{{ iso_date(from_date | string, 'exchange_rates') }}' then {{ rate }}
            {%- endfor %}
            {%- endfor %}
        end as decimal(18, 9)
    )
{%- endmacro %}
