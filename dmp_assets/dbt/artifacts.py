"""What dbt's artifacts say of a project and a run: where each column comes from, how long dbt worked.

Column lineage uses sqlglot as dagster-dbt's own ``fetch_column_metadata`` does, but qualifies each model's SQL once instead of once
per column, and takes the columns from the manifest instead of asking the warehouse: 0.1 s for the whole project instead of 7 s.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from dmp_assets.platform.errors import FULL_DISK, in_words

ColumnLineage = dict[str, list[tuple[str, str]]]
"""For each column of a model, the (unique id of the upstream node, column) pairs it is computed from, sorted."""

BUSY_SECONDS = "dmp/dbt_busy_seconds"
"""Metadata of a model: the wall time, in seconds, that the dbt run which built it spent on all its nodes."""


def column_lineage(manifest: Mapping[str, Any], *, dialect: str = "duckdb") -> dict[str, ColumnLineage]:
    """Return the column lineage of every compiled model, by the model's unique id.

    A column that comes from no other column, such as a constant or a row count, has an empty list.

    Args:
        manifest: dbt's manifest after a build or compile; every column of every model must be in it, and of every source unless it
            declares none; such a source is followed where a query reads it alone.
        dialect: sqlglot's name of the SQL dialect.
    """
    from sqlglot.schema import MappingSchema

    nodes = [*manifest["nodes"].values(), *manifest["sources"].values()]
    # An ephemeral model has no relation: it is part of the SQL of those that read it.
    tables = [node for node in nodes if node["resource_type"] in ("model", "source") and node["relation_name"]]
    relations = {_name(node): node["unique_id"] for node in tables}
    columns = {
        _name(node): {name: column["data_type"] or "varchar" for name, column in node["columns"].items()}
        for node in tables
        if node["columns"]
    }
    schema = MappingSchema(_nested(columns), dialect=dialect)
    return {
        node["unique_id"]: _model_lineage(node, schema, relations, dialect)
        for node in tables
        if node["resource_type"] == "model" and node.get("compiled_code")
    }


def failed_nodes(run_results: Mapping[str, Any]) -> list[str]:
    """Return the name of each model or test that failed, with the reason in its first lines."""
    return [
        f"{result['unique_id'].split('.')[2]}: {' '.join((result['message'] or '').split())[:400]}"
        for result in run_results["results"]
        if result["status"] in ("error", "fail", "runtime error")
    ]


def said_by_dbt(error: str) -> str:
    """Return what dbt itself says in an error of dagster-dbt's, in one line and without stack traces; empty if it says nothing."""
    _, _, said = error.partition("Errors parsed from dbt logs:")
    words, _, trace = said.partition("Traceback (most recent call last)")
    lines = words.split() or trace.strip().splitlines()[-1:]
    return FULL_DISK if in_words(said) == FULL_DISK else " ".join(lines)[:1000]


def no_rows_because(model: str, manifest: Mapping[str, Any]) -> str:
    """Return why a model has no rows: the contract tables that no source has, and the staging models that nothing came from."""
    ancestors, found = [model], {model}
    while ancestors:
        parents = set(manifest["parent_map"].get(ancestors.pop(), [])) - found
        found |= parents
        ancestors += parents
    nodes = [manifest["nodes"][name] for name in found if name in manifest["nodes"]]
    staged = sorted(node["name"] for node in nodes if node["schema"] == "staging")
    united = {table for node in nodes for table in re.findall(r"union_sources\('(\w+)'\)", node["raw_code"])}
    missing = sorted(table for table in united if not any(name.endswith(f"__{table}") for name in staged))
    return "; ".join(
        [f"no listed source has {', '.join(missing)}"] * bool(missing)
        + [f"no row of {', '.join(staged)} belongs here"] * bool(staged)
    )


def busy_seconds(run_results: Mapping[str, Any]) -> float:
    """Return the wall time, in seconds, during which dbt worked on at least one node.

    Nodes run side by side, so the sum of their durations is longer than the time they took.
    """
    spans = sorted(
        (dt.datetime.fromisoformat(phase["started_at"]), dt.datetime.fromisoformat(phase["completed_at"]))
        for result in run_results["results"]
        for phase in result["timing"]
    )
    busy = dt.timedelta()
    end = None
    for started, completed in spans:
        if end is None or completed > end:
            busy += completed - (started if end is None or started > end else end)
            end = completed
    return busy.total_seconds()


def _model_lineage(node: Mapping[str, Any], schema: Any, relations: Mapping[str, str], dialect: str) -> ColumnLineage:
    from sqlglot import exp, parse_one
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    query = qualify(
        parse_one(node["compiled_code"], dialect=dialect),
        schema=schema,
        dialect=dialect,
        validate_qualify_columns=False,  # a source may have declared none
    )
    scope = build_scope(query)
    found: ColumnLineage = {}
    for column in node["columns"]:
        sources = set()
        for step in lineage(column, query, schema, scope=scope, dialect=dialect, copy=False, trim_selects=False).walk():
            if not step.downstream and isinstance(step.expression, exp.Table):
                table = ".".join(part.name for part in step.expression.parts)
                sources.add((relations[table], exp.to_column(step.name, dialect=dialect).name))
        found[column] = sorted(sources)
    return found


def _name(node: Mapping[str, Any]) -> str:
    """Return a node's relation as ``database.schema.table``, without quotes."""
    return node["relation_name"].replace('"', "").replace("`", "")


def _nested(columns: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return the columns by database, schema and table, as sqlglot wants them."""
    nested: dict[str, Any] = {}
    for name, types in columns.items():
        database, schema, table = name.split(".")
        nested.setdefault(database, {}).setdefault(schema, {})[table] = dict(types)
    return nested
