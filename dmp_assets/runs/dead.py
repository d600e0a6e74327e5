"""Runs whose process died: found, marked failed, ended.

What lives here: the rule of which run is dead, the sweep at the start of every command, and the launcher by which Dagster's own
run monitoring asks the same rule every few seconds.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from pathlib import Path

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus
from dagster._core.storage.dagster_run import RunRecord

from dmp_assets.platform.locks import forget, is_alive
from dmp_assets.runs.executor import PROCESS

START_SECONDS = 180
"""How long a run may take from its record to its process; as `start_timeout_seconds` in dagster.yaml."""

END_SECONDS = 20
"""How long a process that is asked to end may take, before it is killed."""

_WITH_A_PROCESS = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def home_of(instance: dg.DagsterInstance) -> Path:
    """Return the home that an instance lies in."""
    return Path(instance.root_directory).parent


def is_dead(home: Path, record: RunRecord) -> bool:
    """Return whether a run that has not ended has no process any more, or never got one."""
    lives = is_alive(home, record.dagster_run.run_id)
    if lives is None:
        since = record.start_time or record.create_timestamp.timestamp()
        return time.time() - since > START_SECONDS
    return not lives


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark every run whose process died as failed, which frees its place in the queue; return their ids."""
    home = home_of(instance)
    dead = [
        record.dagster_run
        for record in instance.get_run_records(dg.RunsFilter(statuses=_WITH_A_PROCESS))
        if is_dead(home, record)
    ]
    for run in dead:
        if run.status == dg.DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, "The process that made this run has ended.")
        else:
            instance.report_run_failed(run, "The process that made this run died before it was done.")
        forget(home, run.run_id)
    return [run.run_id for run in dead]


class Launcher(DefaultRunLauncher):
    """Dagster's own launcher that can also tell whether a run's process lives and end it, whoever started it."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Whether run monitoring may ask."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Return whether the run's process lives."""
        home = home_of(self._instance)
        record = self._instance.get_run_record_by_id(run.run_id)
        if record is not None and is_dead(home, record):
            forget(home, run.run_id)
            return CheckRunHealthResult(WorkerStatus.FAILED, "the process that made this run died before it was done")
        return CheckRunHealthResult(WorkerStatus.RUNNING)

    def terminate(self, run_id: str) -> bool:
        """Ask a run's process to end, and kill it if it does not; its children end with it."""
        asked = super().terminate(run_id)
        run = self._instance.get_run_by_id(run_id)
        host, _, process = (run.tags.get(PROCESS, "") if run else "").rpartition(":")
        home = home_of(self._instance)
        if not process or host != socket.gethostname() or not is_alive(home, run_id):
            return asked
        if not asked:
            _send(int(process), signal.SIGTERM)
        give_up_at = time.monotonic() + END_SECONDS
        while is_alive(home, run_id):
            if time.monotonic() > give_up_at:
                _send(int(process), signal.SIGKILL)
                return True
            time.sleep(0.1)
        return True


def _send(process: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)
