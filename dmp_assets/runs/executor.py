"""How a run is made, whoever started it: its steps in one process, one run at a time in a home, and shown to be alive."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import dagster as dg
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.in_process import InProcessExecutor

from dmp_assets.platform.locks import alive, one_build
from dmp_assets.platform.settings import Settings

PROCESS = "dmp/process"
"""Tag of a run: host and id of the process that makes it."""


def home_executor(settings: Settings) -> dg.ExecutorDefinition:
    """Return the executor of every job: Dagster's own in this process, under the locks of the home."""

    @dg.executor(name="in_process")
    def in_this_process(_: dg.InitExecutorContext) -> dg.Executor:
        return _HomeExecutor(settings)

    return in_this_process


class _HomeExecutor(InProcessExecutor):
    def __init__(self, settings: Settings) -> None:
        super().__init__(RetryMode.ENABLED)
        self._home = settings.home

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        run = plan_context.dagster_run
        what = f"run {run.run_id[:8]} of {run.job_name}"
        with alive(self._home, run.run_id):
            plan_context.instance.add_run_tags(run.run_id, {PROCESS: f"{socket.gethostname()}:{os.getpid()}"})
            with one_build(self._home, what):
                yield from super().execute(plan_context, execution_plan)
