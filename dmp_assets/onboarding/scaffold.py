"""Write what an analytics engineer would have written for a source: raw table, staging model, their descriptions and tests.

The result is text by file name; the files are the user's from then on.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dmp_assets.dbt.contract_tables import AMOUNT
from dmp_assets.dbt.project_file import yaml_text
from dmp_assets.onboarding.fields import AMOUNT_TYPE, column_sql, model_sql
from dmp_assets.onboarding.inspection import Column
from dmp_assets.onboarding.plan import Plan, RawTable
from dmp_assets.onboarding.staging_sql import LOAD_TYPES, dbt_type, staging_sql
from dmp_assets.sources.declare import RAW, harmless, within_project


def files(plans: Sequence[Plan], project_dir: Path) -> dict[str, str]:
    """Return the text of each file of a source's plans for a project, by its name in the source's folder.

    A raw table that several of them read is declared by the first.
    """
    texts, declared = {}, set()
    for plan in plans:
        own = [table for table in (plan.raw, *plan.joined.values()) if table.name not in declared]
        declared |= {table.name for table in own}
        texts[f"{plan.model}.sql"] = staging_sql(plan)
        texts[f"{plan.model}.yml"] = staging_yaml(plan, own, project_dir)
    return texts


def staging_yaml(plan: Plan, tables: Sequence[RawTable], project_dir: Path) -> str:
    """Return the declaration of raw tables, with how they are loaded, and of the staging model."""
    models = [
        {
            "name": plan.model,
            "description": f"{plan.contract_table.rows} Rows of {plan.source}, before validation; the newest load wins.",
            "config": {"meta": {"mapping": harmless(plan.declared.content())}},
            "columns": [_column(name, kind) for name, kind in {**plan.contract_table.types, **LOAD_TYPES}.items()],
        }
    ]
    document: dict[str, Any] = {"version": 2}
    if tables:
        source = {
            "name": plan.source,
            "description": f"The source {plan.source}.",
            "schema": RAW,
            "config": {"enabled": f"{{{{ '{plan.source}' in var('sources') }}}}"},
            "tables": [_raw_table(plan, table, project_dir) for table in tables],
        }
        document["sources"] = [source]
    text = yaml_text(document | {"models": models})
    return f"# Yours to edit: say what each column means. `load` says where the rows come from and how they are read.\n{text}"


def _raw_table(plan: Plan, table: RawTable, project_dir: Path) -> dict[str, Any]:
    """Return the declaration of a raw table."""
    load = table.rule.model_dump(exclude_defaults=True)
    load["location"] = within_project(table.rule.location, project_dir)
    declared: dict[str, Any] = {
        "name": harmless(table.name),
        "identifier": harmless(f"{plan.source}__{table.name}"),
        "description": harmless(
            f"{table.name} of the source {plan.source}, as it arrived. One row per row of the source and load."
        ),
        "config": {
            "meta": {"dagster": {"asset_key": [RAW, harmless(f"{plan.source}__{table.name}")]}, "load": harmless(load)}
        },
    }
    key = _raw_key(plan, table)
    if key and table.rule.keep == "replace":
        declared["data_tests"] = [
            {
                "dmp.unique_within_load": {
                    "name": f"raw_{plan.source}__{table.name}_has_each_key_once",
                    "arguments": {"columns": [model_sql(column_sql(column)) for column in key]},
                    "config": {"severity": "warn"},
                }
            }
        ]
    fields = {
        column: name for name, origin in plan.mapping.items() for column in origin.used if table.name == plan.table
    }
    columns = [
        {
            "name": harmless(column.name),
            "data_type": dbt_type(column.data_type),
            "description": _raw_description(table, column, fields.get(column.name)),
        }
        for column in table.columns
    ]
    declared["columns"] = columns + [_column(name, kind) for name, kind in LOAD_TYPES.items()]
    return declared


def _raw_key(plan: Plan, table: RawTable) -> list[str]:
    """Return the columns of a raw table that hold the contract table's key, if it has all of it and each in one column."""
    origins = [plan.mapping.get(name) for name in plan.contract_table.key]
    columns = [origin.columns[0] for origin in origins if origin and len(origin.used) == 1]
    present = {column.name for column in table.columns}
    return columns if len(columns) == len(origins) and present.issuperset(columns) and table.name == plan.table else []


def _column(name: str, kind: str) -> dict[str, str]:
    kind = AMOUNT_TYPE if kind == AMOUNT else kind
    return {"name": name, "data_type": kind, "description": f"{{{{ doc('{name}') }}}}"}


def _raw_description(table: RawTable, column: Column, field: str | None) -> str:
    kind = table.rule.identifiers.get(column.name)
    if kind:
        use = f"Pseudonym; the {kind.replace('_', ' ')} itself is in the vault."
        return f"{use} Read as {field}." if field else use
    if column.name == table.rule.deleted_at:
        return "A value here says that the row is deleted: it is withdrawn, with the earlier rows of its key."
    return f"Read as {field}." if field else "Kept as it arrived; not used yet."
