{#-
    Point in time: a row reads only what is dated before its as_of_on. Each order and line is counted once, on the first of
    the computed dates that comes after it (seen_on); the later dates see it through sums so far. So one date costs a plain
    aggregation, and a year of weekly dates little more. What is known of a subject is in the models int_customer_*.

    A customer is who was known to be one before the date (customer_versions): what is linked later does not change what came before.

    Incremental: a date is computed where this table or customer_department_shares lacks it.
-#}
{{ feature_table() }}

{%- set windows = var('feature_windows') -%}
{%- set times = [
    'morning', 'afternoon', 'evening', 'night',
    'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday',
] %}

with customers as (

    select * from {{ ref('int_feature_customers') }}

),

rhythm as (

    select * from {{ ref('int_customer_rhythm') }}

),

spending as (

    select * from {{ ref('int_customer_spending') }}

),

windows as (

    select * from {{ ref('int_customer_windows') }}

),

assortment as (

    select * from {{ ref('int_customer_assortment') }}

),

stores as (

    select * from {{ ref('int_customer_stores') }}

),

exposure as (

    select * from {{ ref('int_customer_exposure') }}

),

habits as (

    select * from {{ ref('int_customer_habits') }}

),

campaigns as (

    select * from {{ ref('int_customer_campaigns') }}

),

described as (

    select * from {{ ref('int_feature_descriptions') }}

)

select
    customers.customer_id,
    customers.as_of_on,
    rhythm.recency_days,
    spending.frequency,
    spending.monetary_amount,
    rhythm.tenure_days,
    rhythm.inter_purchase_days_mean,
    rhythm.inter_purchase_days_sd,
    rhythm.inter_purchase_days_cv,
    rhythm.overdue_ratio,
    {%- for window in windows %}
        cast(coalesce(windows.order_count_{{ window }}d, 0) as integer) as order_count_{{ window }}d,
    {%- endfor %}
    {%- for window in windows %}
        cast(coalesce(windows.sales_amount_{{ window }}d, 0) as {{ var('amount_type') }}) as sales_amount_{{ window }}d,
    {%- endfor %}
    spending.average_order_amount,
    spending.average_order_units,
    spending.average_order_products,
    assortment.product_count,
    assortment.department_count,
    assortment.favourite_department,
    assortment.favourite_department_share,
    assortment.department_concentration,
    assortment.manufacturer_count,
    assortment.favourite_manufacturer_id,
    assortment.favourite_manufacturer_share,
    assortment.national_brand_share,
    assortment.private_label_share,
    stores.favourite_store_id,
    stores.favourite_store_share,
    stores.store_count,
    spending.discount_share,
    spending.coupon_share,
    spending.coupon_order_share,
    exposure.display_share,
    exposure.mailer_share,
    exposure.display_product_count,
    {{ ratio('exposure.display_product_count', 'assortment.product_count') }} as display_product_share,
    exposure.mailer_product_count,
    {{ ratio('exposure.mailer_product_count', 'assortment.product_count') }} as mailer_product_share,
    {%- for time in times %}
        habits.{{ time }}_share,
    {%- endfor %}
    habits.weekend_share,
    habits.favourite_weekday,
    habits.favourite_weekday_share,
    cast(coalesce(campaigns.campaign_count, 0) as integer) as campaign_count,
    cast(coalesce(campaigns.redemption_count, 0) as integer) as redemption_count,
    coalesce(described.has_demographics, false) as has_demographics,
    coalesce(described.age_band, 'Unknown') as age_band,
    coalesce(described.income_band, 'Unknown') as income_band,
    coalesce(described.home_ownership, 'Unknown') as home_ownership,
    coalesce(described.marital_status, 'Unknown') as marital_status,
    coalesce(described.household_size, 'Unknown') as household_size,
    coalesce(described.household_composition, 'Unknown') as household_composition,
    coalesce(described.kids_count, 'Unknown') as kids_count,
    customers.input_version,
    customers.code_version
from customers
left join described on customers.version_id = described.version_id
inner join rhythm on customers.version_id = rhythm.version_id and customers.as_of_on = rhythm.as_of_on
inner join spending on customers.version_id = spending.version_id and customers.as_of_on = spending.as_of_on
inner join assortment on customers.version_id = assortment.version_id and customers.as_of_on = assortment.as_of_on
inner join stores on customers.version_id = stores.version_id and customers.as_of_on = stores.as_of_on
inner join exposure on customers.version_id = exposure.version_id and customers.as_of_on = exposure.as_of_on
inner join habits on customers.version_id = habits.version_id and customers.as_of_on = habits.as_of_on
left join windows on customers.version_id = windows.version_id and customers.as_of_on = windows.as_of_on
left join campaigns on customers.version_id = campaigns.version_id and customers.as_of_on = campaigns.as_of_on
