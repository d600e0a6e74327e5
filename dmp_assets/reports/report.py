"""The report: the headline numbers and the sections that the domains offer, laid out as one HTML file that needs no network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

import pandas as pd

from dmp_assets.analysis import inputs
from dmp_assets.platform.money import currency_in_words, money
from dmp_assets.platform.sections import Fact, Page, Part, Section, tables_read
from dmp_assets.reports.page import render_template

TEMPLATE = Path(__file__).with_name("parts.html")

ORDERS = f"""
    select count(*) filter (where is_purchase) as orders, count(distinct customer_id) filter (where is_purchase) as customers,
        sum(sales_amount) as sales_amount, sum(returned_amount) as returned_amount,
        min(order_on) as first_on, max(order_on) as last_on, string_agg(distinct source, ', ' order by source) as sources,
        {inputs.AS_OF} as as_of_on
    from marts.fct_orders where order_on < {inputs.AS_OF}
"""
"""What the head of the report is made of, one row."""
_AS_OF = f"select {inputs.AS_OF} as as_of_on"


def report_reads(sections: Iterable[Section]) -> frozenset[str]:
    """Return the tables that the report is made from, as ``layer.table``."""
    return tables_read([ORDERS]).union(*(section.reads for section in sections))


def build_report(sections: Sequence[Section], query: Callable[[str], pd.DataFrame], *, sample_percent: int) -> str:
    """Return the report as one HTML page.

    Args:
        sections: what the domains offer, in any order.
        query: runs SQL on the warehouse.
        sample_percent: share of the source's households that were loaded; the page says so when it is not all.
    """
    once = cache(query)
    orders = once(ORDERS).iloc[0]
    parts = [
        Part(section.title, section.build({name: once(sql) for name, sql in section.queries.items()}))
        for section in sorted(sections, key=lambda section: section.order)
    ]
    as_of_on = orders["as_of_on"].date().isoformat()
    sample = "" if sample_percent == 100 else f" This is a sample of {sample_percent} % of the households."
    return render_template(
        TEMPLATE,
        page="report.html",
        title=f"Customers, segments and sales, as of {as_of_on}",
        about=(
            f"Purchases from {orders['sources']}, {orders['first_on']:%d %B %Y} to {orders['last_on']:%d %B %Y}.{sample} "
            f"Everything is computed from what was known before {as_of_on}."
        ),
        headlines=[
            Fact("customers with an order", f"{orders['customers']:,.0f}"),
            Fact("orders", f"{orders['orders']:,.0f}"),
            Fact("net sales", money(orders["sales_amount"], 0)),
            *(fact for part in parts for fact in part.content.headlines),
        ],
        parts=parts,
        footer=(
            f"Amounts are in {currency_in_words()}, as the retailer received them; sales are net: "
            f"{money(orders['returned_amount'], 0)} of returns and cancellations are taken off. Figures and tables come from the "
            "warehouse tables of "
            "the same names; definitions, grain and lineage of every column are in the dbt docs beside this file."
        ),
    )


def page_reads(page: Page) -> frozenset[str]:
    """Return the tables that a domain's own page is made from, as ``layer.table``."""
    return page.reads | tables_read([_AS_OF])


def build_page(page: Page, query: Callable[[str], pd.DataFrame]) -> str:
    """Return a domain's own page as HTML.

    Args:
        page: what the domain offers.
        query: runs SQL on the warehouse.
    """
    as_of_on = query(_AS_OF)["as_of_on"].iloc[0].date().isoformat()
    parts = page.build({name: query(sql) for name, sql in page.queries.items()})
    return render_template(
        TEMPLATE,
        page=f"{page.name}.html",
        title=f"{page.title}, as of {as_of_on}",
        about=page.about,
        headlines=[fact for part in parts for fact in part.content.headlines],
        parts=parts,
        footer="Figures and tables come from the warehouse tables of the layer; every column is described in the dictionary "
        "beside this file.",
    )
