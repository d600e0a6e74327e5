"""Which tables are served to readers, and what they are told of each: derived from the dbt project and the Python tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dmp_assets.platform.tables import Table

DBT_LAYERS = ("marts", "quarantine")
"""Every dbt model of these layers is served; what lies before them is on its way."""


@dataclass(frozen=True)
class ServedColumn:
    """What a column holds, in which unit, and whether it may be missing."""

    description: str
    nullable: bool


@dataclass(frozen=True)
class ServedTable:
    """A table as its readers know it.

    Attributes:
        name: ``layer.table``, its name in the warehouse.
        description: what it holds; one of its sentences says what one row is.
        key: the columns that together identify a row; none where nothing does.
        columns: the columns that are described, by name.
    """

    name: str
    description: str
    key: Sequence[str]
    columns: Mapping[str, ServedColumn]

    @property
    def grain(self) -> str:
        """What one row is: the sentence of the description that says so, or nothing."""
        found = re.search(r"One row per .*?\.(?=\s|$)", self.description, flags=re.DOTALL)
        return found.group() if found else ""


def served_tables(manifest: Mapping[str, Any], tables: Iterable[Table]) -> tuple[ServedTable, ...]:
    """Return every served table, sorted by name.

    Args:
        manifest: dbt's manifest.
        tables: every table that Python makes.
    """
    return tuple(sorted([*_models(manifest), *map(_python_table, tables)], key=lambda table: table.name))


def _models(manifest: Mapping[str, Any]) -> Iterable[ServedTable]:
    nodes = manifest["nodes"].values()
    keys = {
        node["attached_node"]: node["test_metadata"]["kwargs"]["columns"]
        for node in nodes
        if node["resource_type"] == "test" and (node.get("test_metadata") or {}).get("name") == "primary_key"
    }
    for node in nodes:
        if node["resource_type"] == "model" and node["schema"] in DBT_LAYERS:
            key = keys.get(node["unique_id"], [])
            yield ServedTable(
                f"{node['schema']}.{node['name']}",
                node["description"],
                key,
                {
                    name: ServedColumn(column["description"], nullable=name not in key)
                    for name, column in node["columns"].items()
                },
            )


def _python_table(table: Table) -> ServedTable:
    columns = table.schema.columns
    return ServedTable(
        table.full_name,
        table.schema.description or "",
        table.primary_key,
        {str(name): ServedColumn(column.description or "", column.nullable) for name, column in columns.items()},
    )
