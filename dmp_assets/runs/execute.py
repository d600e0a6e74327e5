"""Run a job of the graph in this process."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.execution.api import execute_run
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.storage.tags import MAX_RETRIES_TAG
from dagster._core.utils import make_new_run_id

from dmp_assets.dbt.project import DBT_STEP
from dmp_assets.platform.automation import REBUILD, REFRESH
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.locks import alive
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import WarehouseLockedError
from dmp_assets.runs.fingerprint import FINGERPRINT
from dmp_assets.runs.made import record_made
from dmp_assets.runs.progress import progress_logger
from dmp_assets.runs.report import RunReport, report
from dmp_assets.runs.watched import keep_watched
from dmp_assets.sources.declare import listed_sources

LOCATION = "ai_dmp"
"""The code location's name in ``workspace.yaml``."""

_CONSOLE = "console"
"""Dagster's own name of what goes to the terminal: so the configuration of a run holds in the UI too, where it can be run again."""


def run_job(
    instance: dg.DagsterInstance,
    settings: Settings,
    job_name: str,
    show: Callable[[str], None],
    *,
    graph: Callable[[Mapping[str, dg.LoggerDefinition]], dg.Definitions],
    fingerprint: str | None = None,
) -> RunReport:
    """Materialise and check the assets of a job in this process and return what happened.

    Args:
        instance: where the run is recorded.
        settings: of the platform; their as-of date goes into the run's configuration.
        job_name: one of `automation.jobs`.
        show: receives one line of progress at a time.
        graph: returns the graph under these settings with the loggers that it is given.
        fingerprint: under which a whole build is started.

    Raises:
        UserError: a setting is wrong, no source brings orders, or there is no such job.
    """
    has_orders = any("order_lines" in tables for tables in listed_sources(settings).values())
    if job_name in (REBUILD, REFRESH) and not has_orders and settings.as_of is None:
        raise UserError(
            f"No source of {settings.dbt_project_dir} brings orders, from which the as-of date follows: add one with "
            "`dmp add-source`, try `dmp demo`, or set DMP_AS_OF."
        )
    definitions = graph({_CONSOLE: progress_logger(show)})
    keep_watched(settings, definitions)
    names = [job.name for job in definitions.jobs or ()]
    if job_name not in names:
        layers = [name.removeprefix(f"{REFRESH}_") for name in names if name.startswith(f"{REFRESH}_")]
        raise UserError(f"There is no layer {job_name.removeprefix(f'{REFRESH}_')}: choose one of {', '.join(layers)}.")
    job = definitions.resolve_job_def(job_name)
    as_of = settings.as_of.isoformat() if settings.as_of else None
    ops = {DBT_STEP: {"config": {"as_of": as_of}}} if job.has_node_named(DBT_STEP) else {}
    # As Dagster's own `execute_in_process`, which leaves out the origin: without one the UI shows the run neither under its job
    # nor in the timeline.
    run_id = make_new_run_id()
    with alive(settings.home, run_id):
        run = instance.create_run_for_job(
            job,
            run_id=run_id,
            run_config={"ops": ops, "loggers": {_CONSOLE: {}}},
            tags={
                MAX_RETRIES_TAG: "0",  # who started it sees that it broke off; the daemon does not start it again
                **({FINGERPRINT: fingerprint} if fingerprint else {}),
            },
            remote_job_origin=_origin(job_name),
        )
        done = execute_run(InMemoryJob(job), run, instance)
        if done.success and job_name == REBUILD:
            with contextlib.suppress(WarehouseLockedError):  # without a record the next build is not left out
                record_made(settings, run_id)
    return report(instance, run_id)


def _origin(job_name: str) -> RemoteJobOrigin:
    """Return where the UI knows a job from; Dagster derives the run's tag ``.dagster/repository`` from it."""
    location = RegisteredCodeLocationOrigin(LOCATION)  # ty: ignore[abstract-class-instantiation] - the field implements it
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, SINGLETON_REPOSITORY_NAME), job_name)
