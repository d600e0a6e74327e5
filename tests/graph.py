"""The graph as text; ``python -m tests.graph`` writes every generated file.

* ``tests/asset_graph.txt``: every asset with what it reads, so that a change to the graph is seen in review.
* ``dbt_project/models/exposures.yml``: see `dmp_assets.dbt.exposures`.
* ``dbt_project/macros/currency_digits.sql``: see `dmp_assets.dbt.currencies`.
* ``dbt_project/macros/contract_types.sql``, ``dbt_project/docs/contract_tables.md``: see `dmp_assets.dbt.contract_tables`.
* ``templates/audiences/schema.json``, ``templates/rules/tags.schema.json``: see `dmp_assets.audiences.define.json_schema` and
  `dmp_assets.profiles.tags.json_schema`.
"""

from __future__ import annotations

import json
from pathlib import Path

import dagster as dg

from dmp_assets.audiences import define
from dmp_assets.dbt import contract_tables, currencies
from dmp_assets.dbt.exposures import EXPOSURES_FILE, exposures_yaml, published_files
from dmp_assets.dbt.project import prepare_project
from dmp_assets.definitions import build_defs, domains
from dmp_assets.platform.home import prepare_home
from dmp_assets.platform.project import TEMPLATES_DIR
from dmp_assets.platform.settings import Settings, get_settings
from dmp_assets.profiles import tags

SCHEMAS = {
    TEMPLATES_DIR / "audiences" / "schema.json": define.json_schema,
    TEMPLATES_DIR / "rules" / "tags.schema.json": tags.json_schema,
}
"""How each JSON Schema is made, by its file."""
GRAPH_FILE = Path(__file__).with_name("asset_graph.txt")


def graph_text(definitions: dg.Definitions) -> str:
    """Return one line per asset, ``key <- upstream keys``, and one per check, sorted."""
    graph = definitions.resolve_asset_graph()
    lines = []
    for key in sorted(graph.get_all_asset_keys()):
        parents = sorted(parent.to_user_string() for parent in graph.get(key).parent_keys)
        lines.append(f"{key.to_user_string()} <- {', '.join(parents)}".rstrip(" <-"))
    return "\n".join(lines) + "\n"


def exposures_text(definitions: dg.Definitions, settings: Settings) -> str:
    """Return the exposures of the graph."""
    tables = [table for domain in domains(settings) for table in domain.tables]
    return exposures_yaml(tables, published_files(definitions))


def schema_text(file: Path) -> str:
    """Return the JSON Schema that a file holds."""
    return json.dumps(SCHEMAS[file](), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for file in SCHEMAS:
        file.write_text(schema_text(file), encoding="utf-8")
    currencies.MACRO_FILE.write_text(currencies.macro_text(), encoding="utf-8")
    contract_tables.MACRO_FILE.write_text(contract_tables.macro_text(), encoding="utf-8")
    contract_tables.DOCS_FILE.write_text(contract_tables.docs_text(), encoding="utf-8")
    settings = get_settings()
    prepare_home(settings)
    prepare_project(settings)
    definitions = build_defs(settings)
    EXPOSURES_FILE.write_text(exposures_text(definitions, settings), encoding="utf-8")
    GRAPH_FILE.write_text(graph_text(definitions), encoding="utf-8")
