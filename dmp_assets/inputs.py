"""What several domains read from the marts, each as one query.

Only rows known before the as-of date: the newest that ``marts.customer_features`` holds.
"""

AS_OF = "(select max(as_of_on) from marts.customer_features)"

FEATURES = f"select * from marts.customer_features where as_of_on = {AS_OF} order by customer_id"
"""The customers' features at the as-of date, one row per customer."""

DEPARTMENT_SALES = f"""
    select lines.customer_id, products.department, sum(lines.sales_amount) as sales_amount
    from marts.fct_order_lines as lines
    inner join marts.dim_products as products on lines.product_id = products.product_id
    where lines.order_on < {AS_OF}
    group by all
    order by all
"""
"""Sales by customer and department, USD."""

ORDER_DAYS = f"""
    select customer_id, order_on, sum(sales_amount) as sales_amount
    from marts.fct_orders
    where order_on < {AS_OF}
    group by all
    order by all
"""
"""The days on which each customer ordered, with the day's sales, USD."""

PURCHASE_COUNTS = f"""
    select lines.customer_id, lines.product_id, count(distinct lines.order_id) as order_count
    from marts.fct_order_lines as lines
    inner join marts.dim_products as products on lines.product_id = products.product_id
    where lines.line_type <> 'coupon' and not products.is_fuel and lines.order_on < {AS_OF}
    group by all
    order by all
"""
"""In how many orders each customer bought each product; without fuel and coupon lines."""

WEEKLY_SALES = "select * from marts.fct_weekly_sales order by level, series_id, week_start_on"
"""Sales by week, in total and by department and category, USD."""
