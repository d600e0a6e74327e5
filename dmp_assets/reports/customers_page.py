"""Everything about one customer, and why: one HTML file with a search box that needs no network.

The tables lie in the page as columns, sorted by customer, compressed; the browser unpacks them and shows the customer asked for.
What a value means is taken from the schema of the profiles, so a new column shows itself.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dmp_assets.analysis import inputs
from dmp_assets.platform.money import currency
from dmp_assets.platform.permissions import PERMISSIONS
from dmp_assets.platform.sections import CustomerSection, tables_read
from dmp_assets.profiles.schema import CUSTOMER_PROFILES
from dmp_assets.reports.page import render_template

TEMPLATE = Path(__file__).with_name("customers.html")
CUSTOMERS_SHOWN = 5_000
"""Those with the highest sales; beyond this the file grows too large for a browser, and the Parquet tables are the way."""

ASKED = f"""
    select customers.customer_id
    from (select distinct customer_id from {PERMISSIONS}) as customers
    left join profiles.customer_profiles as profiles on customers.customer_id = profiles.customer_id
    order by profiles.monetary_amount desc nulls last, customers.customer_id
    limit {CUSTOMERS_SHOWN}
"""
COUNT = f"""
    select count(distinct customer_id) as customers,
        (select coalesce(max(left_out_count), 0) from privacy.profiled_tables) as left_out,
        (select count(*) from marts.dim_customers where is_simulated) as simulated,
        {inputs.AS_OF} as as_of_on
    from {PERMISSIONS}
"""


def customers_page_reads(sections: Iterable[CustomerSection]) -> frozenset[str]:
    """Return the tables that the page is made from, as ``layer.table``."""
    return tables_read([ASKED, COUNT]).union(*(section.reads for section in sections))


def build_customers_page(sections: Iterable[CustomerSection], query: Callable[[str], pd.DataFrame]) -> str:
    """Return the page.

    Args:
        sections: what the domains know of single customers; the template shows the rows ``profile``, ``history``, ``tags``,
            ``lists``, ``neighbours``, ``permissions``, ``identifiers`` and ``likeness``.
        query: runs SQL on the warehouse.
    """
    frames = {
        name: query(f"with asked as ({ASKED}) {sql}") for section in sections for name, sql in section.queries.items()
    }
    customers = sorted(query(ASKED)["customer_id"])
    count = query(COUNT).iloc[0]
    data = {
        "customers": customers,
        "meaning": {name: column.description for name, column in CUSTOMER_PROFILES.columns.items()},
        **{name: _by_customer(frame, customers) for name, frame in frames.items()},
    }
    return render_template(
        TEMPLATE,
        as_of_on=count["as_of_on"].date().isoformat(),
        shown=len(customers),
        total=int(count["customers"]),
        left_out=int(count["left_out"]),
        simulated=int(count["simulated"]),
        currency=currency(),
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
