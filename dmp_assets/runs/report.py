"""What a run did, read from its event log: rows, checks, time by layer, what failed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

import dagster as dg
from dagster._core.events import JobFailureData

from dmp_assets.dbt.artifacts import BUSY_SECONDS
from dmp_assets.platform.automation import REBUILD, REFRESH
from dmp_assets.platform.errors import in_words
from dmp_assets.platform.settings import Settings


@dataclass
class RunReport:
    """What one run did.

    Attributes:
        run_id: Dagster's id of the run.
        succeeded: whether every step succeeded.
        started_at: Unix time, seconds.
        seconds: wall time of the run, seconds.
        work_seconds: the assets' own work per layer, seconds, in the order in which the layers were made.
        rows: rows of each materialised table, by ``layer/table``.
        checks: number of checks by outcome: passed, warned, failed.
        failures: what failed, in words.
    """

    run_id: str
    succeeded: bool
    started_at: float = 0
    seconds: float = 0
    work_seconds: dict[str, float] = field(default_factory=dict)
    rows: dict[str, int | None] = field(default_factory=dict)
    checks: dict[str, int] = field(default_factory=lambda: {"passed": 0, "warned": 0, "failed": 0})
    failures: list[str] = field(default_factory=list)

    @property
    def orchestration_seconds(self) -> float:
        """Wall time that was not the assets' own work."""
        return max(0.0, self.seconds - sum(self.work_seconds.values()))


def newest_run(instance: dg.DagsterInstance) -> str | None:
    """Return the id of the newest rebuild or refresh of the graph that came to an end."""
    ended = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
    runs = instance.get_runs(dg.RunsFilter(statuses=ended))
    return next((run.run_id for run in runs if run.job_name in (REBUILD, REFRESH)), None)


def report(instance: dg.DagsterInstance, run_id: str) -> RunReport:
    """Return what a run did, read from its event log."""
    record = instance.get_run_record_by_id(run_id)
    if record is None:
        raise KeyError(f"there is no run {run_id}")
    summary = RunReport(run_id, record.dagster_run.is_success)
    if record.start_time and record.end_time:
        summary.started_at, summary.seconds = record.start_time, record.end_time - record.start_time
    step_layers: dict[str, set[str]] = defaultdict(set)
    step_seconds: dict[str, float] = {}
    node_seconds: dict[tuple[str, str], float] = defaultdict(float)
    busy_seconds: dict[str, float] = {}
    for entry in instance.all_logs(run_id):
        event = entry.dagster_event
        if event is None:
            continue
        step = event.step_key or ""
        if event.is_step_materialization:
            materialization = event.step_materialization_data.materialization
            layer = materialization.asset_key.path[0]
            step_layers[step].add(layer)
            summary.rows[materialization.asset_key.to_user_string()] = metadata_value(
                materialization.metadata, "dagster/row_count"
            )
            node_seconds[step, layer] += metadata_value(materialization.metadata, "Execution Duration") or 0
            busy_seconds[step] = metadata_value(materialization.metadata, BUSY_SECONDS) or 0
        elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            evaluation = event.asset_check_evaluation_data
            layer = evaluation.asset_key.path[0]
            step_layers[step].add(layer)
            node_seconds[step, layer] += metadata_value(evaluation.metadata, "Execution Duration") or 0
            warned = not evaluation.passed and evaluation.severity == dg.AssetCheckSeverity.WARN
            outcome = "passed" if evaluation.passed else "warned" if warned else "failed"
            summary.checks[outcome] += 1
            if outcome == "failed":
                name = f"{evaluation.asset_key.to_user_string()}:{evaluation.check_name}"
                summary.failures.append(f"check {name} failed: {evaluation.description or 'see its metadata'}")
        elif event.is_step_success:
            step_seconds[step] = event.step_success_data.duration_ms / 1000
        elif event.is_step_failure:
            error = event.step_failure_data.user_failure_data or event.step_failure_data.error
            cause = event.step_failure_data.error
            while cause is not None and cause.cause is not None:
                cause = cause.cause
            text = getattr(error, "description", None) or (_message(cause.message) if cause else "unknown reason")
            summary.failures.append(f"step {step} failed: {text}")
        elif event.is_job_failure and not summary.failures:
            data = event.event_specific_data  # none where it is another process that says so
            error = data.error if isinstance(data, JobFailureData) else None
            summary.failures.append(_message(error.message if error else event.message or "unknown reason"))
    places: dict[str, list[int]] = defaultdict(list)
    for place, table in enumerate(summary.rows):
        places[table.split("/", maxsplit=1)[0]].append(place)
    work = _by_layer(step_layers, step_seconds, node_seconds, busy_seconds)
    # In the order in which they were made, on average.
    summary.work_seconds = dict(sorted(work.items(), key=lambda entry: fmean(places[entry[0]] or [0])))
    return summary


def metadata_value(metadata: Mapping[str, dg.MetadataValue], name: str) -> Any:
    """Return the value of an entry of metadata; None without one."""
    entry = metadata.get(name)
    return entry.value if entry is not None else None


def _message(text: str) -> str:
    """Return an error's message; a user's mistake is shown without the name of its class."""
    return in_words(re.sub(r"^dmp_assets\.[\w.]*Error: ", "", text.strip()))


def _by_layer(
    step_layers: dict[str, set[str]],
    step_seconds: dict[str, float],
    node_seconds: dict[tuple[str, str], float],
    busy_seconds: dict[str, float],
) -> dict[str, float]:
    """Divide each step's time among its layers.

    A step of one layer is that layer's work. The dbt step makes several layers: the time in which it worked on any node is
    divided in proportion to the nodes' durations, and the rest of the step (starting, parsing) is orchestration.
    """
    work: dict[str, float] = defaultdict(float)
    for step, layers in step_layers.items():
        nodes = sum(node_seconds[step, layer] for layer in layers)
        for layer in layers:
            if len(layers) == 1:
                work[layer] += step_seconds.get(step, 0.0)
            elif nodes:
                work[layer] += busy_seconds.get(step, 0.0) * node_seconds[step, layer] / nodes
    return dict(work)


def published_files(settings: Settings) -> list[Path]:
    """Return what a person opens first."""
    names = ("report.html", "audiences.html", "customers.html", "lineage.html", "dbt_docs.html", "published.duckdb")
    files = (settings.published_dir / name for name in names)
    return [file for file in files if file.exists()]
