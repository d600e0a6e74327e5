{#-
    The package text is read where it is one measure ('16 OZ', '1 1/2 LB', '1/2 GAL', 'GAL') or pieces of one measure
    ('12 PK/12 OZ', '6/12 OZ', '12 OZ/6 PK'). Anything else (sizes, dimensions, ranges, codes of the trade) is left
    out: a wrong amount is worse than none. Several of a measure above a pint are bags or mixes for it ('20 CT/13 GAL'),
    not packs of it; a slash is a fraction in the listed numbers only, because '6/12 OZ' is six of 12 oz.
-#}
{%- set packed_unit = 'FL OZ|OZS?|Z|LBS?|GM?|KG|MLS?|LTR|L|PTS?' -%}
{%- set unit = packed_unit ~ '|QTS?|GAL?|DZ|DOZ|CT|PK|PC|EACH|EA' -%}
{%- set container = '(?: (?:BAG|BOX|BTL|CAN|JAR|NR|PET|PLST|TUBE|LOOSE))?' -%}
{%- set fraction = '1/[23468]|2/3|3/[48]|5/8|7/8|[0-9]{1,3} [0-9]{1,2}/[0-9]{1,2}' -%}
{%- set number = '(?:' ~ fraction ~ '|0*[0-9]{1,4}(?:[.][0-9]+)?|[.][0-9]+)' -%}
{%- set piece = '(?:PK|CT|PC|P)' -%}
{%- set pieces_first = '^(?:[0-9]{1,3} ?' ~ piece ~ '[/ ]|[0-9]{1,3}/)' -%}
{%- set one_measure_form = '^' ~ number ~ '? ?(?:' ~ unit ~ ')' ~ container ~ '$' -%}
{%- set pieces_first_form = pieces_first ~ number ~ ' ?(?:' ~ packed_unit ~ ')' ~ container ~ '$' -%}
{%- set pieces_last_form = '^' ~ number ~ ' ?(?:' ~ packed_unit ~ ')/[0-9]{1,3} ?' ~ piece ~ '$' -%}

with texts as (

    select distinct package_size
    from {{ ref('int_products_checked') }}
    where package_size is not null

),

normalised as (

    select
        package_size,
        replace(
            trim({{ replace_pattern(replace_pattern('upper(package_size)', '[ *]+', ' '), ' ?/ ?', '/') }}),
            'HALF GAL',
            '1/2 GAL'
        ) as package_text
    from texts

),

recognised as (

    select
        package_size,
        package_text,
        case
            when {{ matches_pattern('package_text', one_measure_form) }} then 'one_measure'
            when {{ matches_pattern('package_text', pieces_first_form) }} then 'pieces_first'
            when {{ matches_pattern('package_text', pieces_last_form) }} then 'pieces_last'
        end as form
    from normalised

),

split as (

    select
        package_size,
        case form
            when 'one_measure' then '1'
            when 'pieces_first' then regexp_extract(package_text, '^([0-9]+)', 1)
            when 'pieces_last' then regexp_extract(package_text, '/([0-9]+) ?[A-Z]+$', 1)
        end as pieces_text,
        case form
            when 'one_measure' then package_text
            when 'pieces_first' then regexp_extract(package_text, '{{ pieces_first }}(.+)$', 1)
            when 'pieces_last' then regexp_extract(package_text, '^(.+)/', 1)
        end as measure_text
    from recognised
    where form is not null

),

measured as (

    select
        package_size,
        cast(pieces_text as integer) as pack_count,
        {{ try_to_double("regexp_extract(measure_text, '^([0-9]+) [0-9]+/', 1)") }} as whole,
        {{ try_to_double("regexp_extract(measure_text, '([0-9]+)/', 1)") }} as numerator,
        {{ try_to_double("regexp_extract(measure_text, '/([0-9]+)', 1)") }} as denominator,
        {{ try_to_double("regexp_extract(measure_text, '^([0-9.]+) ?[A-Z]', 1)") }} as plain_number,
        regexp_extract(measure_text, '({{ unit }}){{ container }}$', 1) as unit_text
    from split

),

converted as (

    select
        package_size,
        pack_count,
        case
            when denominator > 0 then coalesce(whole, 0) + numerator / denominator
            when plain_number is not null then plain_number
            -- A unit alone is one of it, except where it only says how the goods are counted.
            when unit_text not in ('CT', 'PK', 'PC') then 1
        end as amount,
        case
            when unit_text in ('OZ', 'OZS', 'Z', 'LB', 'LBS', 'G', 'GM', 'KG') then 'g'
            when unit_text in ('FL OZ', 'ML', 'MLS', 'L', 'LTR', 'PT', 'PTS', 'QT', 'QTS', 'GA', 'GAL') then 'ml'
            when unit_text in ('CT', 'PK', 'PC', 'EACH', 'EA', 'DZ', 'DOZ') then 'each'
        end as package_unit,
        case
            when unit_text in ('OZ', 'OZS', 'Z') then 28.3495
            when unit_text in ('LB', 'LBS') then 453.592
            when unit_text in ('KG', 'L', 'LTR') then 1000
            when unit_text = 'FL OZ' then 29.5735
            when unit_text in ('PT', 'PTS') then 473.176
            when unit_text in ('QT', 'QTS') then 946.353
            when unit_text in ('GA', 'GAL') then 3785.41
            when unit_text in ('DZ', 'DOZ') then 12
            else 1
        end as unit_factor
    from measured

)

select
    package_size,
    pack_count,
    -- Rounded before the cast, which every engine does in its own way.
    cast(round(amount * unit_factor * 1000) / 1000 as decimal(12, 3)) as package_amount,
    package_unit
from converted
where amount > 0 and pack_count > 0
