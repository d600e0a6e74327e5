"""What every step really reads is what it declares."""

from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import dagster as dg
import duckdb

from dmp_assets.definitions import build_defs
from dmp_assets.platform.sections import tables_read
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.recommendations.sequences import extra

READS: dict[str, set[str]] = defaultdict(set)
"""The tables that each step has read, as ``layer.table``."""

READ_NOTHING = {"publish_dbt_docs", "publish_lineage", "simulate_channels"}
"""The pages show what is known of the tables that they declare; what was simulated before is not simulated again."""
if not extra.is_installed():
    READ_NOTHING.add("train_sequences")


class Recorder:
    """A connection that notes which tables its statements name."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def execute(self, sql: str, *arguments: Any) -> Any:
        READS[dg.OpExecutionContext.get().op.name] |= tables_read([sql])
        return self._connection.execute(sql, *arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class RecordingWarehouse(Warehouse):
    """A warehouse that notes what is read from it."""

    @contextmanager
    def _open(self, *, read_only: bool) -> Generator[Any]:
        with super()._open(read_only=read_only) as connection:
            yield Recorder(connection)


def test_every_step_reads_what_it_declares_and_nothing_else(first_build, in_process):
    recording = RecordingWarehouse(**Warehouse.from_settings(in_process).model_dump())
    definitions = build_defs(in_process, resources={"warehouse": recording})
    graph = definitions.resolve_asset_graph()
    layers = {graph.get(key).group_name for key in graph.get_all_asset_keys()}
    python = sorted(layers - {"raw", "staging", "intermediate", "quarantine", "marts"})
    job = definitions.resolve_implicit_global_asset_job_def()
    selection = dg.AssetSelection.groups(*python).resolve(graph)
    READS.clear()
    with dg.DagsterInstance.get() as instance:
        assert job.execute_in_process(instance=instance, asset_selection=sorted(selection)).success
    known = {".".join(key.path) for key in graph.get_all_asset_keys()}
    wrong = {}
    for step in definitions.assets or ():
        assert isinstance(step, dg.AssetsDefinition)
        if not step.keys <= selection or step.op.name in READ_NOTHING:
            continue
        made = {".".join(key.path) for key in step.keys}
        declared = {".".join(dep.asset_key.path) for spec in step.specs for dep in spec.deps} - made
        read = (READS[step.op.name] & known) - made
        if read != declared:
            wrong[step.op.name] = {"reads and does not declare": read - declared, "declares only": declared - read}
    assert wrong == {}
