"""Where every column comes from, as it was recorded when its table was made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import dagster as dg

COLUMN_SCHEMA = "dagster/column_schema"
COLUMN_LINEAGE = "dagster/column_lineage"

TRACED_AS_A_WHOLE = "dmp/traced_as_a_whole"
"""Metadata of a table: the columns whose lineage is only known for the table."""


@dataclass(frozen=True)
class RecordedColumn:
    """A column of a table that was made.

    Attributes:
        table: ``layer.table``.
        name: the column's name.
        data_type: its type.
        description: what it holds.
        sources: the columns that it is computed from, as ``layer.table.column``, sorted.
        is_traced_as_a_whole: whether these are what the table as a whole is made from; which of them decide this one is unknown.
    """

    table: str
    name: str
    data_type: str
    description: str
    sources: tuple[str, ...]
    is_traced_as_a_whole: bool = False


def recorded_columns(instance: dg.DagsterInstance, specs: Iterable[dg.AssetSpec]) -> list[RecordedColumn]:
    """Return the columns of every asset that was ever made, sorted by table, in the table's order.

    Every table speaks for itself, from its newest materialisation, so that it does not matter what the last run made. What is the
    same on every run, such as the columns of a dbt model, is part of the asset's specification instead.

    Args:
        instance: where the runs were recorded.
        specs: of the assets.
    """
    by_key = {spec.key: spec for spec in specs}
    events = instance.get_latest_materialization_events(list(by_key))
    columns = []
    for key, spec in sorted(by_key.items()):
        event = events.get(key)
        made = event.asset_materialization if event else None
        if made is None:
            continue
        metadata: dict[str, Any] = {
            **spec.metadata,
            **{name: entry.value for name, entry in made.metadata.items()},
        }
        lineage = metadata.get(COLUMN_LINEAGE)
        sources = lineage.deps_by_column if lineage else {}
        schema = metadata.get(COLUMN_SCHEMA)
        as_a_whole = metadata.get(TRACED_AS_A_WHOLE, [])
        columns += [
            RecordedColumn(
                ".".join(key.path),
                column.name,
                column.type,
                column.description or "",
                tuple(
                    sorted(f"{'.'.join(dep.asset_key.path)}.{dep.column_name}" for dep in sources.get(column.name, []))
                ),
                column.name in as_a_whole,
            )
            for column in (schema.columns if schema else ())
        ]
    return columns
