"""The column lineage of the whole graph as one HTML file that needs no network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dmp_assets.dbt.artifacts import column_lineage
from dmp_assets.platform.tables import Table
from dmp_assets.reports.page import render_template

TEMPLATE = Path(__file__).with_name("lineage.html")
FIRST_SHOWN = "marts.customer_features.recency_days"


def lineage_page(manifest: Mapping[str, Any], tables: Iterable[Table]) -> str:
    """Return the page.

    Args:
        manifest: dbt's manifest after a build.
        tables: the tables that Python makes.
    """
    columns = {**_dbt_columns(manifest), **_python_columns(tables)}
    names = {name.rsplit(".", 1)[0] for name in columns}
    return render_template(TEMPLATE, columns=columns, tables=len(names), first=FIRST_SHOWN)


def _dbt_columns(manifest: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return every column of every source and model with its type, description and the columns it comes from."""
    lineage = column_lineage(manifest)
    nodes = {**manifest["sources"], **{name: manifest["nodes"][name] for name in lineage}}
    tables = {name: f"{node['schema']}.{node.get('identifier') or node['name']}" for name, node in nodes.items()}
    return {
        f"{tables[name]}.{column}": {
            "type": facts["data_type"],
            "description": facts["description"],
            "from": [f"{tables[source]}.{other}" for source, other in lineage.get(name, {}).get(column, [])],
        }
        for name, node in nodes.items()
        for column, facts in node["columns"].items()
    }


def _python_columns(tables: Iterable[Table]) -> dict[str, dict[str, Any]]:
    return {
        f"{table.full_name}.{column.name}": {
            "type": column.type,
            "description": column.description,
            "from": sorted(table.lineage[column.name]),
        }
        for table in tables
        for column in table.column_schema().columns
    }
