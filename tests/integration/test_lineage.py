"""What every step really reads is what it declares."""

import json
from pathlib import Path

import dagster as dg

from dmp_assets.platform.sections import tables_read
from dmp_assets.recommendations.sequences import extra

READ_NOTHING = {"publish_dbt_docs", "publish_lineage", "list_what_was_sent"}
"""The pages show what is known of the tables that they declare; what was sent came from tables when it was sent."""
if not extra.is_installed():
    READ_NOTHING.add("train_sequences")

DBT_OR_RAW = {"raw", "staging", "intermediate", "quarantine", "marts"}
"""Layers whose steps read through dbt, or no table at all."""


def test_every_step_reads_what_it_declares_and_nothing_else(definitions, asked: Path):
    statements = json.loads(asked.read_text())
    graph = definitions.resolve_asset_graph()
    known = {".".join(key.path) for key in graph.get_all_asset_keys()}
    wrong = {}
    compared = 0
    for step in definitions.assets or ():
        assert isinstance(step, dg.AssetsDefinition)
        if {graph.get(key).group_name for key in step.keys} & DBT_OR_RAW or step.op.name in READ_NOTHING:
            continue
        compared += 1
        made = {".".join(key.path) for key in step.keys}
        declared = {".".join(dep.asset_key.path) for spec in step.specs for dep in spec.deps} - made
        read = (tables_read(statements.get(step.op.name, ())) & known) - made
        if read != declared:
            wrong[step.op.name] = {"reads and does not declare": read - declared, "declares only": declared - read}
    assert compared > 20
    assert wrong == {}
