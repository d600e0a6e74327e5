"""Run a job of the graph in this process."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg

from dmp_assets.dbt.project import DBT_STEP
from dmp_assets.platform.automation import REBUILD, REFRESH
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.runs.fingerprint import FINGERPRINT, fingerprint
from dmp_assets.runs.progress import progress_logger
from dmp_assets.runs.report import RunReport, report

_PROGRESS = "progress"


def run_job(instance: dg.DagsterInstance, settings: Settings, job_name: str, show: Callable[[str], None]) -> RunReport:
    """Materialise and check the assets of a job in this process and return what happened.

    Args:
        instance: where the run is recorded.
        settings: of the platform; their as-of date goes into the run's configuration.
        job_name: one of `automation.jobs`.
        show: receives one line of progress at a time.

    Raises:
        UserError: a setting is wrong, or there is no such job.
    """
    from dmp_assets.definitions import build_defs, domains

    definitions = build_defs(settings, loggers={_PROGRESS: progress_logger(show)})
    names = [job.name for job in definitions.jobs or ()]
    if job_name not in names:
        layers = [name.removeprefix(f"{REFRESH}_") for name in names if name.startswith(f"{REFRESH}_")]
        raise UserError(f"There is no layer {job_name.removeprefix(f'{REFRESH}_')}: choose one of {', '.join(layers)}.")
    job = definitions.resolve_job_def(job_name)
    as_of = settings.as_of.isoformat() if settings.as_of else None
    ops = {DBT_STEP: {"config": {"as_of": as_of}}} if job.has_node_named(DBT_STEP) else {}
    outcome = job.execute_in_process(
        run_config={"ops": ops, "loggers": {_PROGRESS: {}}},
        instance=instance,
        raise_on_error=False,
        tags={FINGERPRINT: fingerprint(settings, domains(settings))} if job_name == REBUILD else {},
    )
    return report(instance, outcome.run_id)
