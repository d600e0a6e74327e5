"""Run the whole graph in this process, show progress, and say afterwards what happened.

What lives here: what the command line needs to start a run and to report it. What a run does is in the assets.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

from dmp_assets.automation import LAYERS, REBUILD, REFRESH
from dmp_assets.collection import complete_journey
from dmp_assets.collection.quarantine import replays
from dmp_assets.collection.reading import files_at
from dmp_assets.collection.sources import declared_tables, listed_sources
from dmp_assets.collector.segments import SEALED_SUFFIX
from dmp_assets.dbt_artifacts import BUSY_SECONDS
from dmp_assets.errors import UserError
from dmp_assets.home import dbt_project_files
from dmp_assets.recommendations.sequences.extra import is_installed
from dmp_assets.settings import PROJECT_ROOT, Settings
from dmp_assets.simulation.simulate import NAME_START as SIMULATED_NAME

FINGERPRINT = "dmp/fingerprint"


@dataclass
class RunReport:
    """What one run did.

    Attributes:
        run_id: Dagster's id of the run.
        succeeded: whether every step succeeded.
        started_at: Unix time, seconds.
        seconds: wall time of the run, seconds.
        work_seconds: the assets' own work per layer, seconds.
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


def fingerprint(settings: Settings) -> str:
    """Return a hash of everything a build depends on.

    These are code, dbt project, lock file, source files, replayed rows, the collector's sealed segments, settings that change
    results, and whether the extra `deep` is there. With a database or web service among the sources no two are alike.
    """
    digest = hashlib.sha256()
    code = sorted(path for path in (PROJECT_ROOT / "dmp_assets").rglob("*") if path.is_file() and path.suffix != ".pyc")
    for path in [
        *code,
        *dbt_project_files(settings.dbt_project_dir),
        PROJECT_ROOT / "requirements.lock",
        *_demo_files(settings),
    ]:
        digest.update(path.name.encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for table in declared_tables(settings.dbt_project_dir):
        try:
            files = files_at(table.rule.resolved_location(), table.rule.file_format) if table.rule.file_format else None
        except UserError:
            files = None
        if files is None:
            # Only the load tells whether a database has something new, or what has become of a file.
            digest.update(os.urandom(8))
            continue
        for name, path in files.items():
            status = path.stat()
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}".encode())
    if replays(settings).exists():
        digest.update(replays(settings).read_bytes())
    # Loaded or waiting; the simulated ones follow from the rest.
    segments = {path.name for path in settings.collector_dir.glob(f"*/*{SEALED_SUFFIX}")}
    digest.update(repr(sorted(name for name in segments if not name.startswith(SIMULATED_NAME))).encode())
    digest.update(f"{settings.as_of} {settings.sample_percent} {is_installed()}".encode())
    return digest.hexdigest()[:16]


def _demo_files(settings: Settings) -> list[Path]:
    """Return the demo's files that are there, none if the demo is not listed."""
    if complete_journey.SOURCE not in listed_sources():
        return []
    folder = complete_journey.data_folder(settings.complete_journey_dir)
    return [table.file(folder) for table in complete_journey.TABLES if table.file(folder).exists()]


def finished_run(instance: dg.DagsterInstance, settings: Settings) -> str | None:
    """Return the id of the newest run if it was a successful whole build with the present fingerprint.

    Only the newest run counts: whatever ran after a whole build, killed or under other settings, may have left other tables.
    """
    for newest in instance.get_runs(limit=1):
        is_present = newest.is_success and newest.tags.get(FINGERPRINT) == fingerprint(settings)
        if is_present and settings.warehouse_path.exists():
            return newest.run_id
    return None


def newest_run(instance: dg.DagsterInstance) -> str | None:
    """Return the id of the newest rebuild or refresh of the graph that came to an end."""
    ended = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
    runs = instance.get_runs(dg.RunsFilter(statuses=ended))
    return next((run.run_id for run in runs if run.job_name in (REBUILD, REFRESH)), None)


def run_job(instance: dg.DagsterInstance, settings: Settings, job_name: str, show: Callable[[str], None]) -> RunReport:
    """Materialise and check the assets of a job in this process and return what happened.

    Args:
        instance: where the run is recorded.
        settings: of this process.
        job_name: one of `automation.jobs`.
        show: receives one line of progress at a time.

    Raises:
        UserError: a setting is wrong, or the source's files cannot be found.
    """
    from dmp_assets.definitions import build_defs

    tags = {FINGERPRINT: fingerprint(settings)} if job_name == REBUILD else {}
    definitions = build_defs(loggers={"progress": progress_logger(show)})
    job = definitions.resolve_job_def(job_name)
    outcome = job.execute_in_process(
        run_config={"loggers": {"progress": {}}}, instance=instance, raise_on_error=False, tags=tags
    )
    return report(instance, outcome.run_id)


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
            summary.rows[materialization.asset_key.to_user_string()] = _value(
                materialization.metadata, "dagster/row_count"
            )
            node_seconds[step, layer] += _value(materialization.metadata, "Execution Duration") or 0
            busy_seconds[step] = _value(materialization.metadata, BUSY_SECONDS) or 0
        elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            evaluation = event.asset_check_evaluation_data
            layer = evaluation.asset_key.path[0]
            step_layers[step].add(layer)
            node_seconds[step, layer] += _value(evaluation.metadata, "Execution Duration") or 0
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
    summary.work_seconds = _by_layer(step_layers, step_seconds, node_seconds, busy_seconds)
    return summary


def _value(metadata: Mapping[str, dg.MetadataValue], name: str) -> Any:
    entry = metadata.get(name)
    return entry.value if entry is not None else None


def _message(text: str) -> str:
    """Return an error's message; a user's mistake is shown without the name of its class."""
    return text.strip().removeprefix(f"{UserError.__module__}.{UserError.__qualname__}: ")


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
    work = dict.fromkeys(LAYERS, 0.0)
    for step, layers in step_layers.items():
        nodes = sum(node_seconds[step, layer] for layer in layers)
        for layer in layers:
            if len(layers) == 1:
                work[layer] += step_seconds.get(step, 0.0)
            elif nodes:
                work[layer] += busy_seconds.get(step, 0.0) * node_seconds[step, layer] / nodes
    return work


class Progress(logging.Handler):
    """Turns the run's log records into one short line per finished asset or check."""

    def __init__(self, show: Callable[[str], None]) -> None:
        """Create a handler that hands its lines to `show`."""
        super().__init__()
        self._show = show

    def emit(self, record: logging.LogRecord) -> None:
        """Show the record if it is progress that a person cares about."""
        event = getattr(record, "dagster_meta", {}).get("dagster_event")
        if event is None:
            return
        if event.is_step_materialization:
            materialization = event.step_materialization_data.materialization
            rows = _value(materialization.metadata, "dagster/row_count")
            counted = f"  {rows:,} rows" if rows is not None else ""
            self._show(f"  made     {materialization.asset_key.to_user_string()}{counted}")
        elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            evaluation = event.asset_check_evaluation_data
            if not evaluation.passed:
                outcome = "warned" if evaluation.severity == dg.AssetCheckSeverity.WARN else "FAILED"
                why = f": {evaluation.description}" if evaluation.description else ""
                self._show(f"  {outcome}   check {evaluation.asset_key.to_user_string()}:{evaluation.check_name}{why}")
        elif event.is_step_start:
            self._show(f"started    {event.step_key}")
        elif event.is_step_failure:
            self._show(f"  FAILED   {event.step_key}")


def progress_logger(show: Callable[[str], None]) -> dg.LoggerDefinition:
    """Return a Dagster logger that shows progress through `show`."""

    @dg.logger(config_schema=None, description="One line per finished asset.")
    def progress(_: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.getLogger("dmp.progress")
        logger.handlers = [Progress(show)]
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        return logger

    return progress


def published_files(settings: Settings) -> list[Path]:
    """Return what a person opens first."""
    pages = (
        settings.published_dir / name for name in ("report.html", "customers.html", "lineage.html", "dbt_docs.html")
    )
    return [page for page in pages if page.exists()]
