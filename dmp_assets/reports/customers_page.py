"""Everything about one customer, and why: one HTML file with a search box that needs no network.

The tables lie in the page as columns, sorted by customer, compressed; the browser unpacks them and shows the customer asked for.
What a value means is taken from the schema of the profiles, so a new column shows itself.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dmp_assets.analysis import inputs
from dmp_assets.platform.money import currency
from dmp_assets.profiles.schema import CUSTOMER_PROFILES
from dmp_assets.reports.page import render_template

TEMPLATE = Path(__file__).with_name("customers.html")
CUSTOMERS_SHOWN = 5_000
"""Those with the highest sales; beyond this the file grows too large for a browser, and the Parquet tables are the way."""

NEIGHBOUR_MEASURE = "pearson_significance_50"
LISTED = 10
"""Recommendations per list that are shown of a customer, at most."""

_SHOWN = f"""
    select customer_id from profiles.customer_profiles order by monetary_amount desc, customer_id limit {CUSTOMERS_SHOWN}
"""
_NAMED = f"{inputs.product_name('products', 'product_type', 'product_category')} as product"

QUERIES = {
    "profile": f"select * from profiles.customer_profiles where customer_id in ({_SHOWN}) order by customer_id",
    "tags": f"""
        select customer_id, source, category, tag, weight, evidence
        from profiles.customer_tags where customer_id in ({_SHOWN})
        order by customer_id, source, category, weight desc, tag
    """,
    "lists": f"""
        select lists.customer_id, lists.list, lists.rank, {_NAMED}, lists.product_id, lists.expected_on, lists.reason
        from recommendations.customer_recommendations as lists
        inner join marts.dim_products as products on lists.product_id = products.product_id
        where lists.customer_id in ({_SHOWN}) and lists.rank <= {LISTED}
        order by lists.customer_id, lists.list, lists.rank
    """,
    "neighbours": f"""
        select customer_id, neighbour_customer_id, similarity, common_count
        from similarity.customer_similarity
        where customer_id in ({_SHOWN}) and measure = '{NEIGHBOUR_MEASURE}' and rank <= 8
        order by customer_id, rank
    """,
    "history": f"""
        select customer_id, as_of_on, sales_amount_7d
        from marts.customer_features
        where customer_id in ({_SHOWN}) and (date_diff('day', as_of_on, {inputs.AS_OF}) % 7) = 0
        order by customer_id, as_of_on
    """,
    "count": "select count(*) as customers from profiles.customer_profiles",
}
"""What the page reads, by name."""

READS = (
    "profiles.customer_profiles",
    "profiles.customer_tags",
    "recommendations.customer_recommendations",
    "similarity.customer_similarity",
    "marts.customer_features",
    "marts.dim_products",
)
"""The tables behind the queries."""


def build_customers_page(query: Callable[[str], pd.DataFrame]) -> str:
    """Return the page.

    Args:
        query: runs SQL on the warehouse.
    """
    frames = {name: query(sql) for name, sql in QUERIES.items()}
    total = int(frames.pop("count")["customers"].iloc[0])
    profile = frames["profile"]
    customers = profile["customer_id"].tolist()
    data = {
        "customers": customers,
        "meaning": {name: column.description for name, column in CUSTOMER_PROFILES.columns.items()},
        **{name: _by_customer(frame, customers) for name, frame in frames.items()},
    }
    return render_template(
        TEMPLATE,
        currency=currency(),
        as_of_on=profile["as_of_on"].max().date().isoformat(),
        shown=len(customers),
        total=total,
        data=_packed(data),
    )


def _by_customer(frame: pd.DataFrame, customers: list[str]) -> dict[str, Any]:
    """Return the columns as lists, and where the rows of each customer start (one more start than customers)."""
    starts = np.searchsorted(frame["customer_id"].to_numpy(dtype=str), np.array(customers, dtype=str))
    columns = {name: _values(frame[name]) for name in frame.columns.drop("customer_id")}
    return {"starts": [*starts.tolist(), len(frame)], "columns": columns}


def _values(column: pd.Series) -> list[Any]:
    """Return values that JSON knows: dates as text, numbers with four digits that count, null for what is missing."""
    if pd.api.types.is_datetime64_any_dtype(column):
        column = column.dt.strftime("%Y-%m-%d")
    elif pd.api.types.is_float_dtype(column):
        return [None if np.isnan(value) else float(f"{value:.4g}") for value in column.to_numpy(dtype=float)]
    return column.astype(object).where(column.notna(), None).tolist()


def _packed(data: Mapping[str, Any]) -> str:
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return base64.b64encode(gzip.compress(text.encode(), compresslevel=6, mtime=0)).decode()
