"""Run a job of the graph in this process."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg

from dmp_assets.platform.automation import REBUILD
from dmp_assets.platform.settings import Settings
from dmp_assets.runs.fingerprint import FINGERPRINT, fingerprint
from dmp_assets.runs.progress import progress_logger
from dmp_assets.runs.report import RunReport, report


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
