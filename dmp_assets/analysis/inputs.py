"""What several domains read from the marts, each as one query, and what was trained earlier.

Only rows known before the as-of date: the newest that ``marts.customer_features`` holds.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from dmp_assets.analysis.product_text import UNKNOWN
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.permissions import LEFT_OUT
from dmp_assets.platform.warehouse import Warehouse

AS_OF = "(select max(as_of_on) from marts.customer_features)"

FEATURES = f"select * from marts.customer_features where as_of_on = {AS_OF} order by customer_id"
"""The customers' features at the as-of date, one row per customer."""

PROFILED_FEATURES = f"select * from ({FEATURES}) where customer_id not in {LEFT_OUT} order by customer_id"
"""The same of the customers of whom a profile may be made."""

DEPARTMENT_SALES = f"""
    select customer_id, department, sales_amount
    from marts.customer_department_shares
    where as_of_on = {AS_OF}
    order by customer_id, department
"""
"""Sales by customer and department, in the platform's currency."""

BOUGHT = f"""(
    with taken_back as (
        select returned_line_id, -sum(units) as units
        from marts.fct_order_lines
        where returned_line_id is not null and order_on < {AS_OF}
        group by returned_line_id
    )
    select lines.*
    from marts.fct_order_lines as lines
    left join taken_back on lines.order_line_id = taken_back.returned_line_id
    where
        lines.line_type in ('sale', 'free')
        and lines.order_on < {AS_OF}
        and coalesce(taken_back.units, 0) < lines.units
)"""
"""The order lines by which something was bought and not, by the as-of date, wholly returned; a relation in SQL."""

BOUGHT_READS = tuple(
    f"marts.fct_order_lines.{column}"
    for column in ("order_line_id", "order_on", "line_type", "units", "returned_line_id")
)
"""Columns by which `BOUGHT` chooses its lines."""

ORDER_DAYS = f"""
    select customer_id, order_on, sum(sales_amount) as sales_amount
    from (
        select customer_id, order_on, sales_amount
        from marts.fct_orders
        where is_purchase and order_on < {AS_OF}
        union all
        select bought.customer_id, bought.order_on, returned.sales_amount
        from marts.fct_order_lines as returned
        inner join marts.fct_order_lines as bought on returned.returned_line_id = bought.order_line_id
        where returned.order_on < {AS_OF}
    ) as days
    where customer_id is not null
    group by all
    order by all
"""
"""The days on which each customer ordered, with the day's sales less what was returned of them, in the platform's currency."""

PURCHASE_COUNTS = f"""
    select lines.customer_id, lines.product_id, count(distinct lines.order_id) as order_count
    from {BOUGHT} as lines
    inner join marts.dim_products as products on lines.product_id = products.product_id
    where products.is_recommendable and lines.customer_id is not null
    group by all
"""
"""In how many orders each customer bought each recommendable product. Unsorted: sorting takes as long."""

RATINGS = f"""
    with reviews as (
        select customer_id, product_id, occurred_at, event_id,
            try_cast(json_extract_string(properties, '$.rating') as double) as rating
        from marts.fct_events
        where event_name = 'Product Reviewed' and not is_bot and occurred_on < {AS_OF}
    )
    select customer_id, product_id, rating
    from reviews
    where customer_id is not null and product_id is not null and isfinite(rating)
    qualify row_number() over (partition by customer_id, product_id order by occurred_at desc, event_id) = 1
    order by customer_id, product_id
"""
"""Explicit ratings: the newest review of each customer and product, from the events `Product Reviewed` with the property rating, on
any scale. No rows where no source has them."""

BASKETS = f"""
    select distinct lines.order_id, lines.product_id
    from {BOUGHT} as lines
    inner join marts.dim_products as products on lines.product_id = products.product_id
    where products.is_recommendable
"""
"""Which products each order holds, one row per pair; of recommendable products. In no order."""

PRODUCT_ATTRIBUTES = """
    select product_id, department, product_category, product_type, brand
    from marts.dim_products where is_recommendable order by product_id
"""
"""What kind of product each is, sold or not; recommendable ones. Manufacturer and package would make seven times as many texts."""

WEEKLY_SALES = "select * from marts.fct_weekly_sales order by level, series_id, week_start_on"
"""Sales by week, in total and by department, category and store, in the platform's currency."""

DAILY_SALES = "select * from marts.fct_daily_sales order by level, series_id, sold_on"
"""Sales by day, in total and by department, category and store, in the platform's currency."""

PURCHASES = f"""
    with taken_back as (
        select
            returned_line_id,
            order_on,
            sum(-units) over (partition by returned_line_id order by order_on) as units
        from marts.fct_order_lines
        where returned_line_id is not null and order_on < {AS_OF}
    ),
    returned as (
        select lines.order_line_id, min(taken_back.order_on) as returned_on
        from marts.fct_order_lines as lines
        inner join taken_back on lines.order_line_id = taken_back.returned_line_id and taken_back.units >= lines.units
        group by lines.order_line_id
    )
    select lines.customer_id, lines.product_id, lines.order_id, lines.order_on as ordered_on, lines.store_id,
        returned.returned_on
    from marts.fct_order_lines as lines
    left join returned on lines.order_line_id = returned.order_line_id
    where
        lines.line_type in ('sale', 'free')
        and lines.order_on < {AS_OF}
        and lines.units > 0
        and lines.customer_id is not null
"""
"""What known customers bought, one row per line, with the day on which the last of it was returned, if it was by the as-of date. In
no order. Whoever looks back to an earlier day leaves out only what had been returned by then (`Interactions.before`)."""


def product_name(table: str, *columns: str) -> str:
    """Return SQL that names a product of marts.dim_products: what is known of these columns of text, or else its id."""
    known = ", ".join(f"nullif({table}.{column}, '{UNKNOWN}')" for column in columns)
    return f"coalesce(nullif(concat_ws(', ', {known}), ''), {table}.product_id)"


def as_of(warehouse: Warehouse) -> date:
    """Return the as-of date."""
    return warehouse.query(f"select {AS_OF} as as_of_on")["as_of_on"].iloc[0].date()


def trained(warehouse: Warehouse, table: str) -> pd.DataFrame:
    """Return the rows of a table that a build trained, chose or compared: those of its newest date up to the as-of date.

    Raises:
        UserError: there is no such table yet, or it knows only what happened after the as-of date.
    """
    advice = "Run `dmp build`, which trains; `dmp refresh` only uses what was trained."
    if not warehouse.has_table(table):
        raise UserError(f"There is no {table} yet. {advice}")
    newest = f"(select max(as_of_on) from {table} where as_of_on <= {AS_OF})"
    frame = warehouse.query(f"select * from {table} where as_of_on = {newest}")
    if frame.empty:
        first = warehouse.query(f"select min(as_of_on) as as_of_on from {table}")["as_of_on"].iloc[0]
        if pd.notna(first):
            raise UserError(
                f"{table} was trained as of {first:%Y-%m-%d}, after the as-of date {as_of(warehouse):%Y-%m-%d}, and knows the "
                f"future. {advice}"
            )
    return frame
