{#-
    Point in time: a row reads only what is dated before its as_of_on. Each order and line is counted once, on the first of
    the computed dates that comes after it (seen_on); the later dates see it through running sums. So one date costs a plain
    aggregation, and a year of weekly dates little more.

    Incremental: a date is computed where the table lacks it with the present input_version and code_version; the
    post-hook deletes the dates that are no longer listed.
-#}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='as_of_on',
    on_schema_change='fail',
    post_hook="
        delete from {{ this }}
        where (as_of_on, input_version) not in (
            select as_of_on, input_version from {{ ref('customer_feature_inputs') }}
        )
    ",
) }}

{%- set windows = var('feature_windows') -%}
{%- set departments = var('feature_departments') -%}
{%- set weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] -%}
{%- set hours = ['morning', 'afternoon', 'evening', 'night'] -%}
{%- set code_version = code_version([
    'feature_windows', 'feature_departments', 'morning_starts_at', 'afternoon_starts_at', 'evening_starts_at',
    'night_starts_at',
]) -%}
{%- set is_due = 'true' -%}
{%- if is_incremental() -%}
    {%- set is_due = "(as_of_on, input_version) not in (select as_of_on, input_version from " ~ this
        ~ " where code_version = '" ~ code_version ~ "')" -%}
{%- endif -%}
{#- What is added up over a customer's past, by the CTE that counts it. -#}
{%- set order_sums = [
    'visit_count', 'frequency', 'coupon_order_count', 'sales_amount', 'list_amount', 'discount_amount',
    'coupon_discount_amount', 'units', 'order_product_count',
] -%}
{%- for part in hours + weekdays -%}
    {%- do order_sums.append(part ~ '_count') -%}
{%- endfor -%}
{%- set gap_sums = ['gap_count', 'gap_days', 'gap_days_squared'] -%}
{%- set line_sums = [
    'private_label_amount', 'national_brand_amount', 'observed_line_count', 'display_line_count', 'mailer_line_count',
    'squared_amount',
] -%}
{%- for department in departments -%}
    {%- do line_sums.append('department_amount_' ~ slug(department)) -%}
{%- endfor -%}
{%- set first_sums = ['product_count', 'department_count', 'manufacturer_count', 'store_count'] %}

with as_of as (

    select
        as_of_on,
        input_version,
        '{{ code_version }}' as code_version,
        {{ add_days(week_start('as_of_on'), -7) }} as last_week_on
    from {{ ref('customer_feature_inputs') }}
    where {{ is_due }}

),

order_dates as (

    select distinct order_on from {{ ref('fct_orders') }}

),

days as (

    select
        order_dates.order_on,
        min(as_of.as_of_on) as seen_on
    from order_dates
    inner join as_of on order_dates.order_on < as_of.as_of_on
    group by order_dates.order_on

),

orders as (

    select
        days.seen_on,
        orders.customer_id,
        orders.store_id,
        orders.order_on,
        orders.hour_local,
        orders.iso_weekday,
        orders.has_sale,
        orders.has_coupon,
        orders.units,
        orders.product_count,
        orders.sales_amount,
        orders.list_amount,
        orders.discount_amount,
        orders.coupon_discount_amount
    from {{ ref('fct_orders') }} as orders
    inner join days on orders.order_on = days.order_on

),

order_sums as (

    select
        customer_id,
        seen_on,
        count(*) as visit_count,
        count(*) filter (where has_sale) as frequency,
        count(*) filter (where has_coupon) as coupon_order_count,
        sum(sales_amount) as sales_amount,
        sum(list_amount) as list_amount,
        sum(discount_amount) as discount_amount,
        sum(coupon_discount_amount) as coupon_discount_amount,
        coalesce(sum(units) filter (where has_sale), 0) as units,
        coalesce(sum(product_count) filter (where has_sale), 0) as order_product_count,
        {%- for weekday in weekdays %}
            count(*) filter (where iso_weekday = {{ loop.index }}) as {{ weekday }}_count,
        {%- endfor %}
        count(*) filter (
            where hour_local >= {{ var('morning_starts_at') }} and hour_local < {{ var('afternoon_starts_at') }}
        ) as morning_count,
        count(*) filter (
            where hour_local >= {{ var('afternoon_starts_at') }} and hour_local < {{ var('evening_starts_at') }}
        ) as afternoon_count,
        count(*) filter (
            where hour_local >= {{ var('evening_starts_at') }} and hour_local < {{ var('night_starts_at') }}
        ) as evening_count,
        count(*) filter (
            where hour_local >= {{ var('night_starts_at') }} or hour_local < {{ var('morning_starts_at') }}
        ) as night_count
    from orders
    group by customer_id, seen_on

),

order_days as (

    select
        customer_id,
        seen_on,
        order_on,
        count(*) filter (where has_sale) as order_count,
        sum(sales_amount) as sales_amount
    from orders
    group by customer_id, seen_on, order_on

),

gaps as (

    select
        customer_id,
        seen_on,
        order_on,
        {{ days_between('lag(order_on) over (partition by customer_id order by order_on)', 'order_on') }} as gap_days
    from order_days

),

gap_sums as (

    select
        customer_id,
        seen_on,
        min(order_on) as first_order_on,
        max(order_on) as last_order_on,
        count(gap_days) as gap_count,
        coalesce(sum(gap_days), 0) as gap_days,
        coalesce(sum(gap_days * gap_days), 0) as gap_days_squared
    from gaps
    group by customer_id, seen_on

),

window_sums as (

    select
        as_of.as_of_on,
        {%- for window in windows %}
            {%- set in_window = 'order_days.order_on >= ' ~ add_days('as_of.as_of_on', '-' ~ window) %}
            sum(case when {{ in_window }} then order_days.order_count else 0 end) as order_count_{{ window }}d,
            sum(case when {{ in_window }} then order_days.sales_amount else 0 end) as sales_amount_{{ window }}d,
        {%- endfor %}
        order_days.customer_id
    from order_days
    inner join as_of
        on
            order_days.order_on < as_of.as_of_on
            and order_days.order_on >= {{ add_days('as_of.as_of_on', '-' ~ windows | max) }}
    group by as_of.as_of_on, order_days.customer_id

),

store_visits as (

    select
        customer_id,
        seen_on,
        store_id,
        -- Visits first, then sales: one number that is largest for the favourite (sales stay below 10^12).
        count(*) * cast(1000000000000 as decimal(38, 2)) + sum(sales_amount) as visits_then_sales
    from orders
    group by customer_id, seen_on, store_id

),

favourite_stores as (

    {{ leaders('store_visits', key='store_id', value='visits_then_sales') }}

),

products as (

    select
        product_id,
        department,
        manufacturer_id,
        is_private_label,
        brand = 'National' as is_national_brand,
        -- Promotions are known by the source's number of the product.
        try_cast(source_product_id as bigint) as promoted_product_id
    from {{ ref('dim_products') }}

),

lines as (

    select
        order_lines.customer_id,
        days.seen_on,
        order_lines.product_id,
        products.department,
        products.manufacturer_id,
        products.is_private_label,
        products.is_national_brand,
        order_lines.line_type <> 'coupon' as is_bought,
        order_lines.sales_amount,
        order_lines.is_on_display,
        order_lines.is_in_mailer
    from {{ ref('fct_order_lines') }} as order_lines
    inner join days on order_lines.order_on = days.order_on
    inner join products on order_lines.product_id = products.product_id

),

department_sales as (

    select
        customer_id,
        seen_on,
        department,
        sum(sales_amount) as sales_amount,
        coalesce(sum(sales_amount) filter (where is_private_label), 0) as private_label_amount,
        coalesce(sum(sales_amount) filter (where is_national_brand), 0) as national_brand_amount,
        count(is_on_display) filter (where is_bought) as observed_line_count,
        count(*) filter (where is_bought and is_on_display) as display_line_count,
        count(*) filter (where is_bought and is_in_mailer) as mailer_line_count
    from lines
    group by customer_id, seen_on, department

),

running_departments as (

    select
        *,
        sum(sales_amount) over (partition by customer_id, department order by seen_on) as running_amount
    from department_sales

),

line_sums as (

    select
        customer_id,
        seen_on,
        sum(private_label_amount) as private_label_amount,
        sum(national_brand_amount) as national_brand_amount,
        sum(observed_line_count) as observed_line_count,
        sum(display_line_count) as display_line_count,
        sum(mailer_line_count) as mailer_line_count,
        {%- for department in departments %}
            coalesce(
                sum(sales_amount) filter (where department = '{{ department }}'), 0
            ) as department_amount_{{ slug(department) }},
        {%- endfor %}
        -- By how much the square of the department's sales grew: (a + b)^2 - a^2 = b * (2 * (a + b) - b).
        sum(
            cast(sales_amount as decimal(12, 2)) * cast(2 * running_amount - sales_amount as decimal(12, 2))
        ) as squared_amount
    from running_departments
    group by customer_id, seen_on

),

favourite_departments as (

    {{ leaders('department_sales', key='department', value='sales_amount') }}

),

manufacturer_sales as (

    -- Everything else than known national brands is without a manufacturer and without sales: it never leads.
    select
        customer_id,
        seen_on,
        case when is_national_brand then manufacturer_id end as manufacturer_id,
        sum(case when is_national_brand and manufacturer_id is not null then sales_amount else 0 end) as sales_amount
    from lines
    group by customer_id, seen_on, case when is_national_brand then manufacturer_id end

),

favourite_manufacturers as (

    {{ leaders('manufacturer_sales', key='manufacturer_id', value='sales_amount') }}

),

customer_products as (

    select
        bought.customer_id,
        bought.product_id,
        bought.seen_on,
        products.department,
        products.manufacturer_id,
        products.promoted_product_id
    from (
        select
            customer_id,
            product_id,
            min(seen_on) as seen_on
        from lines
        where is_bought
        group by customer_id, product_id
    ) as bought
    inner join products on bought.product_id = products.product_id

),

firsts as (

    select
        customer_id,
        seen_on,
        count(product_id) as product_count,
        0 as department_count,
        0 as manufacturer_count,
        0 as store_count
    from customer_products
    group by customer_id, seen_on
    union all
    select
        customer_id,
        min(seen_on) as seen_on,
        0 as product_count,
        max(case when department is not null then 1 end) as department_count,
        0 as manufacturer_count,
        0 as store_count
    from customer_products
    group by customer_id, department
    union all
    select
        customer_id,
        min(seen_on) as seen_on,
        0 as product_count,
        0 as department_count,
        max(case when manufacturer_id is not null then 1 end) as manufacturer_count,
        0 as store_count
    from customer_products
    where manufacturer_id is not null
    group by customer_id, manufacturer_id
    union all
    select
        customer_id,
        min(seen_on) as seen_on,
        0 as product_count,
        0 as department_count,
        0 as manufacturer_count,
        max(case when store_id is not null then 1 end) as store_count
    from store_visits
    group by customer_id, store_id

),

first_sums as (

    select
        customer_id,
        {%- for measure in first_sums %}
            sum({{ measure }}) as {{ measure }},
        {%- endfor %}
        seen_on
    from firsts
    group by customer_id, seen_on

),

sums as (

    select
        order_sums.*,
        {%- for measure in gap_sums %}
            gap_sums.{{ measure }},
        {%- endfor %}
        {%- for measure in line_sums %}
            line_sums.{{ measure }},
        {%- endfor %}
        {%- for measure in first_sums %}
            coalesce(first_sums.{{ measure }}, 0) as {{ measure }},
        {%- endfor %}
        gap_sums.first_order_on,
        gap_sums.last_order_on
    from order_sums
    inner join gap_sums
        on order_sums.customer_id = gap_sums.customer_id and order_sums.seen_on = gap_sums.seen_on
    inner join line_sums
        on order_sums.customer_id = line_sums.customer_id and order_sums.seen_on = line_sums.seen_on
    left join first_sums
        on order_sums.customer_id = first_sums.customer_id and order_sums.seen_on = first_sums.seen_on

),

totals as (

    -- Everything known at seen_on. Not by window functions: for one date 48 of them take 2 s, this join nothing.
    select
        sums.customer_id,
        sums.seen_on,
        {%- for measure in order_sums + gap_sums + line_sums + first_sums %}
            sum(past.{{ measure }}) as {{ measure }},
        {%- endfor %}
        min(past.first_order_on) as first_order_on,
        max(past.last_order_on) as last_order_on
    from sums
    inner join sums as past on sums.customer_id = past.customer_id and sums.seen_on >= past.seen_on
    group by sums.customer_id, sums.seen_on

),

customers as (

    -- One row per customer and as-of date; seen_on: the newest date on which anything was added.
    select
        order_sums.customer_id,
        as_of.as_of_on,
        as_of.last_week_on,
        as_of.input_version,
        as_of.code_version,
        max(order_sums.seen_on) as seen_on
    from order_sums
    inner join as_of on order_sums.seen_on <= as_of.as_of_on
    group by
        order_sums.customer_id, as_of.as_of_on, as_of.last_week_on, as_of.input_version, as_of.code_version

),

customer_stores as (

    -- The store's number is null where the promotion data do not observe it in the last whole week.
    select
        customers.customer_id,
        customers.as_of_on,
        favourite_stores.store_id,
        floor(favourite_stores.visits_then_sales / 1000000000000) as store_visit_count,
        observed_stores.source_store_id
    from customers
    inner join favourite_stores
        on customers.customer_id = favourite_stores.customer_id and customers.seen_on = favourite_stores.seen_on
    left join {{ ref('int_promotion_stores') }} as observed_stores
        on
            favourite_stores.store_id = observed_stores.store_id
            and customers.last_week_on = observed_stores.week_start_on

),

store_customers as (

    select distinct
        customer_id,
        source_store_id
    from customer_stores
    where source_store_id is not null

),

store_products as (

    select
        store_customers.customer_id,
        store_customers.source_store_id,
        customer_products.promoted_product_id,
        customer_products.seen_on
    from store_customers
    inner join customer_products on store_customers.customer_id = customer_products.customer_id

),

candidates as (

    select distinct
        source_store_id,
        promoted_product_id
    from store_products

),

staged_promotions as (

    {{ union_sources('promotions') }}

),

promotions as (

    -- The 20.9 million promotion rows are cut down to what may matter before anything else is done with them. As in
    -- int_promotions the newest load of a key counts, and one of its rows carries the display, the other the mailer.
    select
        as_of.as_of_on,
        promotions.source_store_id,
        promotions.source_product_id,
        coalesce(
            max(case when promotions.is_on_display then promotions._loaded_at end) = max(promotions._loaded_at), false
        ) as is_on_display,
        coalesce(
            max(case when promotions.is_in_mailer then promotions._loaded_at end) = max(promotions._loaded_at), false
        ) as is_in_mailer
    from staged_promotions as promotions
    inner join as_of on promotions.week_start_on = as_of.last_week_on
    inner join candidates
        on
            promotions.source_store_id = candidates.source_store_id
            and promotions.source_product_id = candidates.promoted_product_id
    group by as_of.as_of_on, promotions.source_store_id, promotions.source_product_id

),

exposures as (

    select
        store_products.customer_id,
        store_products.source_store_id,
        promotions.as_of_on,
        count(*) filter (where promotions.is_on_display) as display_count,
        count(*) filter (where promotions.is_in_mailer) as mailer_count
    from store_products
    inner join promotions
        on
            store_products.source_store_id = promotions.source_store_id
            and store_products.promoted_product_id = promotions.source_product_id
            and store_products.seen_on <= promotions.as_of_on
    group by store_products.customer_id, store_products.source_store_id, promotions.as_of_on

),

touches as (

    select
        as_of.as_of_on,
        touches.customer_id,
        count(distinct case when touches.touch_type = 'membership' then touches.campaign_id end) as campaign_count,
        count(*) filter (where touches.touch_type = 'redemption') as redemption_count
    from {{ ref('fct_touches') }} as touches
    inner join as_of on touches.touched_on < as_of.as_of_on
    where touches.touch_type in ('membership', 'redemption')
    group by as_of.as_of_on, touches.customer_id

),

known as (

    select
        totals.*,
        customers.as_of_on,
        customers.input_version,
        customers.code_version,
        {{ days_between('totals.last_order_on', 'customers.as_of_on') }} as recency_days,
        {{ days_between('totals.first_order_on', 'customers.as_of_on') }} as tenure_days,
        {{ ratio('totals.gap_days', 'totals.gap_count') }} as gap_days_mean,
        -- Sums of whole days are exact whatever their order; the variance follows from them:
        -- (n * sum(x^2) - sum(x)^2) / (n * (n - 1)).
        sqrt({{ ratio(
            'totals.gap_count * totals.gap_days_squared - totals.gap_days * totals.gap_days',
            'totals.gap_count * (totals.gap_count - 1)'
        ) }}) as gap_days_sd,
        greatest(
            {%- for weekday in weekdays %}
                totals.{{ weekday }}_count{{ ',' if not loop.last }}
            {%- endfor %}
        ) as favourite_weekday_count,
        totals.sales_amount
        {%- for department in departments %}
            - totals.department_amount_{{ slug(department) }}
        {%- endfor %}
            as department_amount_other
    from customers
    inner join totals on customers.customer_id = totals.customer_id and customers.seen_on = totals.seen_on

)

select
    known.customer_id,
    known.as_of_on,
    known.recency_days,
    cast(known.frequency as integer) as frequency,
    cast(known.sales_amount as decimal(12, 2)) as monetary_amount,
    known.tenure_days,
    known.gap_days_mean as inter_purchase_days_mean,
    known.gap_days_sd as inter_purchase_days_sd,
    {{ ratio('known.gap_days_sd', 'known.gap_days_mean') }} as inter_purchase_days_cv,
    {{ ratio('known.recency_days', 'known.gap_days_mean') }} as overdue_ratio,
    {%- for window in windows %}
        cast(coalesce(window_sums.order_count_{{ window }}d, 0) as integer) as order_count_{{ window }}d,
    {%- endfor %}
    {%- for window in windows %}
        cast(coalesce(window_sums.sales_amount_{{ window }}d, 0) as decimal(12, 2)) as sales_amount_{{ window }}d,
    {%- endfor %}
    {{ ratio('known.sales_amount', 'known.frequency') }} as average_order_amount,
    {{ ratio('known.units', 'known.frequency') }} as average_order_units,
    {{ ratio('known.order_product_count', 'known.frequency') }} as average_order_products,
    cast(known.product_count as integer) as product_count,
    cast(known.department_count as integer) as department_count,
    favourite_departments.department as favourite_department,
    {{ ratio('favourite_departments.sales_amount', 'known.sales_amount') }} as favourite_department_share,
    {%- for department in departments %}
        {%- set column = slug(department) %}
        {{ ratio('known.department_amount_' ~ column, 'known.sales_amount') }} as department_share_{{ column }},
    {%- endfor %}
    {{ ratio('known.department_amount_other', 'known.sales_amount') }} as department_share_other,
    {{ ratio('known.squared_amount', 'known.sales_amount') }}
    / nullif(cast(known.sales_amount as double), 0) as department_concentration,
    cast(known.manufacturer_count as integer) as manufacturer_count,
    favourite_manufacturers.manufacturer_id as favourite_manufacturer_id,
    case
        when favourite_manufacturers.manufacturer_id is not null
            then {{ ratio('favourite_manufacturers.sales_amount', 'known.national_brand_amount') }}
    end as favourite_manufacturer_share,
    {{ ratio('known.national_brand_amount', 'known.sales_amount') }} as national_brand_share,
    {{ ratio('known.private_label_amount', 'known.sales_amount') }} as private_label_share,
    customer_stores.store_id as favourite_store_id,
    {{ ratio('customer_stores.store_visit_count', 'known.visit_count') }} as favourite_store_share,
    cast(known.store_count as integer) as store_count,
    {{ ratio('known.discount_amount', 'known.list_amount') }} as discount_share,
    {{ ratio('known.coupon_discount_amount', 'known.list_amount') }} as coupon_share,
    {{ ratio('known.coupon_order_count', 'known.visit_count') }} as coupon_order_share,
    {{ ratio('known.display_line_count', 'known.observed_line_count') }} as display_share,
    {{ ratio('known.mailer_line_count', 'known.observed_line_count') }} as mailer_share,
    {%- for place in ['display', 'mailer'] %}
        {%- set count = 'coalesce(exposures.' ~ place ~ '_count, 0)' %}
        case
            when customer_stores.source_store_id is not null then cast({{ count }} as integer)
        end as {{ place }}_product_count,
        case
            when customer_stores.source_store_id is not null then {{ ratio(count, 'known.product_count') }}
        end as {{ place }}_product_share,
    {%- endfor %}
    {%- for part in hours + weekdays %}
        {{ ratio('known.' ~ part ~ '_count', 'known.visit_count') }} as {{ part }}_share,
    {%- endfor %}
    {{ ratio('known.saturday_count + known.sunday_count', 'known.visit_count') }} as weekend_share,
    case known.favourite_weekday_count
        {%- for weekday in weekdays %}
            when known.{{ weekday }}_count then {{ loop.index }}
        {%- endfor %}
    end as favourite_weekday,
    {{ ratio('known.favourite_weekday_count', 'known.visit_count') }} as favourite_weekday_share,
    cast(coalesce(touches.campaign_count, 0) as integer) as campaign_count,
    cast(coalesce(touches.redemption_count, 0) as integer) as redemption_count,
    described.has_demographics,
    described.age_band,
    described.income_band,
    described.home_ownership,
    described.marital_status,
    described.household_size,
    described.household_composition,
    described.kids_count,
    known.input_version,
    known.code_version
from known
inner join {{ ref('dim_customers') }} as described on known.customer_id = described.customer_id
left join customer_stores
    on known.customer_id = customer_stores.customer_id and known.as_of_on = customer_stores.as_of_on
left join favourite_departments
    on known.customer_id = favourite_departments.customer_id and known.seen_on = favourite_departments.seen_on
left join favourite_manufacturers
    on known.customer_id = favourite_manufacturers.customer_id and known.seen_on = favourite_manufacturers.seen_on
left join window_sums
    on known.customer_id = window_sums.customer_id and known.as_of_on = window_sums.as_of_on
left join exposures
    on
        customer_stores.customer_id = exposures.customer_id
        and customer_stores.as_of_on = exposures.as_of_on
        and customer_stores.source_store_id = exposures.source_store_id
left join touches
    on known.customer_id = touches.customer_id and known.as_of_on = touches.as_of_on
