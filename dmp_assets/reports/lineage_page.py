"""The column lineage of the whole graph as one HTML file that needs no network."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dmp_assets.platform.lineage import RecordedColumn
from dmp_assets.reports.page import render_template

TEMPLATE = Path(__file__).with_name("lineage.html")
FIRST_SHOWN = "marts.customer_features.recency_days"


def lineage_page(columns: Iterable[RecordedColumn]) -> str:
    """Return the page of these columns."""
    by_name = {
        f"{column.table}.{column.name}": {
            "type": column.data_type,
            "description": column.description,
            "from": column.sources,
            "as_a_whole": column.is_traced_as_a_whole,
        }
        for column in columns
    }
    tables = {name.rsplit(".", 1)[0] for name in by_name}
    return render_template(TEMPLATE, columns=by_name, tables=len(tables), first=FIRST_SHOWN)
