"""Category propensity: who buys in a product category within 28 days, one model over all categories.

A row is a customer and a category. The categories are the CATEGORIES that most customers bought in the 90 days before the
as-of date. Departments say too little (nearly everybody buys groceries) and single products are what recommendations
are for.
"""

from __future__ import annotations

from dmp_assets.forecasts.customers.examples import HORIZON_DAYS, IS_ACTIVE

CATEGORY_28D = "category_28d"
CATEGORIES = 20
CUTOFFS = 6
"""As-of dates learned from and tested on, HORIZON_DAYS apart."""

SAMPLE = 5
"""Every fifth customer is learned from and tested on; 9,000 rows a date leave an interval
of 0.03 for the area under the ROC curve."""

CATEGORY_FEATURES = (
    "category_order_days_28d",
    "category_order_days_90d",
    "category_order_days",
    "category_recency_days",
    "category_overdue_ratio",
    "category_sales_share",
    "category_customer_share",
    "recency_days",
    "order_count_28d",
    "order_count_90d",
    "sales_amount_28d",
    "sales_amount_90d",
    "product_count",
    "discount_share",
    "private_label_share",
)


def _is_then(dated: str) -> str:
    """Return whether lines are told of a customer as known as of the date of a CTE."""
    return f"lines.from_on <= {dated}.as_of_on and (lines.until_on is null or {dated}.as_of_on < lines.until_on)"


def _candidates(dates: str, customers: str) -> str:
    """Return the CTEs that end in `candidates`: customers x categories at these dates, with CATEGORY_FEATURES."""
    return f"""
        dates as ({dates}),
        active as (
            select * from marts.customer_features
            where as_of_on in (select as_of_on from dates) and {IS_ACTIVE} and {customers}
        ),
        lines as (
            select
                versions.customer_id,
                versions.from_on,
                versions.until_on,
                products.product_category,
                lines.order_on,
                sum(lines.sales_amount) as sales_amount
            from marts.fct_order_lines as lines
            inner join marts.customer_versions as versions
                on lines.identifier_id = versions.identifier_id
                and (versions.owned_from_at is null or lines.ordered_at >= versions.owned_from_at)
                and (versions.owned_until_at is null or lines.ordered_at < versions.owned_until_at)
            inner join marts.dim_products as products on lines.product_id = products.product_id
            where
                lines.line_type in ('sale', 'free')
                and products.is_recommendable
                and products.product_category <> 'Unknown'
            group by all
        ),
        counts as (
            select dates.as_of_on, lines.product_category, count(distinct lines.customer_id) as customer_count
            from dates
            inner join lines
                on lines.order_on < dates.as_of_on and lines.order_on >= dates.as_of_on - 90 and {_is_then("dates")}
            group by dates.as_of_on, lines.product_category
        ),
        popularity as (
            select *
            from counts
            qualify row_number() over (partition by as_of_on order by customer_count desc, product_category) <= {CATEGORIES}
        ),
        bought as (
            select
                active.customer_id,
                active.as_of_on,
                lines.product_category,
                count(*) as category_order_days,
                count(*) filter (where lines.order_on >= active.as_of_on - 90) as category_order_days_90d,
                count(*) filter (where lines.order_on >= active.as_of_on - 28) as category_order_days_28d,
                active.as_of_on - max(lines.order_on) as category_recency_days,
                max(lines.order_on) - min(lines.order_on) as days_between,
                sum(lines.sales_amount) as category_sales_amount
            from active
            inner join popularity on active.as_of_on = popularity.as_of_on
            inner join lines
                on active.customer_id = lines.customer_id
                and popularity.product_category = lines.product_category
                and lines.order_on < active.as_of_on
                and {_is_then("active")}
            group by active.customer_id, active.as_of_on, lines.product_category
        ),
        candidates as (
            select
                active.customer_id,
                active.as_of_on,
                popularity.product_category,
                coalesce(bought.category_order_days_28d, 0) as category_order_days_28d,
                coalesce(bought.category_order_days_90d, 0) as category_order_days_90d,
                coalesce(bought.category_order_days, 0) as category_order_days,
                bought.category_recency_days,
                bought.category_recency_days * (bought.category_order_days - 1) / nullif(bought.days_between, 0)
                    as category_overdue_ratio,
                coalesce(cast(bought.category_sales_amount as double) / nullif(active.monetary_amount, 0), 0)
                    as category_sales_share,
                popularity.customer_count / sum(popularity.customer_count) over (
                    partition by active.as_of_on, active.customer_id
                ) as category_customer_share,
                active.recency_days, active.order_count_28d, active.order_count_90d,
                active.sales_amount_28d, active.sales_amount_90d, active.product_count,
                active.discount_share, active.private_label_share
            from active
            inner join popularity on active.as_of_on = popularity.as_of_on
            left join bought
                on active.customer_id = bought.customer_id
                and active.as_of_on = bought.as_of_on
                and popularity.product_category = bought.product_category
        )
    """


def category_candidates(as_of: str) -> str:
    """Return the query of every active customer with every category at an as-of date, a SQL expression."""
    return f"""
        with {_candidates(f"select {as_of} as as_of_on", "true")}
        select * from candidates order by customer_id, product_category
    """


def category_examples(as_of: str) -> str:
    """Return the query of earlier customers and categories whose horizon ended before an as-of date, a SQL expression.

    Returns:
        SQL with customer_id, product_category, as_of_on, CATEGORY_FEATURES and CATEGORY_28D (bought in the category within
        HORIZON_DAYS).
    """
    dates = f"""
        select max(as_of_on) as as_of_on
        from (
            select as_of_on, (max(as_of_on) over () - as_of_on) // {HORIZON_DAYS} as step
            from (
                select distinct as_of_on from marts.customer_features
                where as_of_on between {as_of} - {CUTOFFS * HORIZON_DAYS} and {as_of} - {HORIZON_DAYS}
            )
        )
        group by step
    """
    return f"""
        with {_candidates(dates, f"md5_number_lower(customer_id) % {SAMPLE} = 0")},
        outcomes as (
            select distinct candidates.customer_id, candidates.as_of_on, candidates.product_category
            from candidates
            inner join lines
                on candidates.customer_id = lines.customer_id
                and candidates.product_category = lines.product_category
                and lines.order_on >= candidates.as_of_on
                and lines.order_on < candidates.as_of_on + {HORIZON_DAYS}
                and {_is_then("candidates")}
        )
        select candidates.*, outcomes.customer_id is not null as {CATEGORY_28D}
        from candidates
        left join outcomes
            on candidates.customer_id = outcomes.customer_id
            and candidates.as_of_on = outcomes.as_of_on
            and candidates.product_category = outcomes.product_category
        order by candidates.as_of_on, candidates.customer_id, candidates.product_category
    """
