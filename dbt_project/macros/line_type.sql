{#- Type of an order line as its source says it; what says nothing is a sale. -#}
{% macro line_type_of(line='') -%}
    coalesce({{ line ~ '.' if line }}line_type, 'sale')
{%- endmacro %}

{#- Names of products that are fees (var fee_words), in lower case: they count in totals and are in no list of products. -#}
{% macro fee_words() -%}
    {{ return(var('fee_words', [
        'postage', 'shipping', 'shipping fee', 'shipping cost', 'shipping costs', 'delivery', 'delivery fee',
        'delivery charge', 'handling', 'handling fee', 'service charge', 'gift card', 'gift voucher', 'gift wrap',
        'bank charges', 'manual', 'tip', 'porto', 'versand', 'versandkosten', 'lieferkosten', 'liefergebühr',
        'versandpauschale', 'bearbeitungsgebühr', 'geschenkgutschein', 'geschenkkarte', 'frais de port',
        'frais de livraison', 'livraison', 'carte cadeau', 'gastos de envío', 'gastos de envio', 'envío', 'envio',
        'costes de envío', 'tarjeta regalo', 'spese di spedizione', 'spedizione', 'buono regalo', 'frete',
        'taxa de entrega', 'portes de envio', 'portes', 'cartão presente', 'verzendkosten', 'bezorgkosten',
        'cadeaubon', 'frakt', 'fraktkostnad', 'presentkort', 'fragt', 'leveringsgebyr', 'gavekort', 'wysyłka',
        'koszt wysyłki', 'karta podarunkowa', 'doprava', 'poštovné', 'доставка', 'подарочная карта', 'kargo',
        'kargo ücreti', '运费', '邮费', '快递费', '礼品卡', '送料', '配送料', '手数料', 'ギフトカード', '배송비',
    ])) }}
{%- endmacro %}

{#- Type of an order line by texts that name its product: a fee if one is among var fee_words; null leaves it to the signs. -#}
{% macro line_type_by_words(texts) -%}
    {%- if dmp.fee_words() and texts -%}
    {%- set words = dmp.word_list(dmp.fee_words()) -%}
    case when {% for text in texts %}lower({{ text }}) in ({{ words }}){{ ' or ' if not loop.last }}{% endfor %} then 'fee' end
    {%- else -%}
    cast(null as string)
    {%- endif -%}
{%- endmacro %}
