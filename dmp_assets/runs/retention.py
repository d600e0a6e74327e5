"""How long past runs are kept: their events, logs and outcomes of checks, of which a whole build leaves some 20 MB.

What the platform still stands on is kept whatever its age: the run that made an asset last, the run that a check was last part of
(the publication gate asks how it ended), and each check's last outcome.
"""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import dagster as dg
import sqlalchemy as sa
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable as Checks
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage

from dmp_assets.platform.settings import Settings


def remove_old_runs(instance: dg.DagsterInstance, settings: Settings, now: dt.datetime) -> int:
    """Remove the runs that ended more than `keep_runs_days` ago, and return how many.

    A site that keeps its runs in another database than SQLite has its own ways: there nothing is removed.

    Args:
        instance: where the runs are recorded.
        settings: of the platform.
        now: the present, with a time zone.
    """
    storage = instance.event_log_storage
    if not isinstance(storage, SqliteEventLogStorage):
        return 0
    before = now - dt.timedelta(days=settings.keep_runs_days)
    ended = dg.RunsFilter(statuses=FINISHED_STATUSES, updated_before=before)
    old = {run.run_id for run in instance.get_runs(ended)}
    if not old:
        return 0
    old -= _last_to_make_an_asset(instance)
    with storage.index_connection() as connection:
        old -= _last_of_a_check(connection)
        kept = _newest_ids(Checks.c.execution_status.in_(["SUCCEEDED", "FAILED"]))
        connection.execute(sa.delete(Checks).where(Checks.c.run_id.in_(old), Checks.c.id.not_in(kept)))
    for run_id in old:
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        instance.delete_run(run_id)
        for file in Path(storage.path_for_shard(run_id)).parent.glob(f"{run_id}.db*"):
            file.unlink()
        shutil.rmtree(Path(instance.storage_directory()) / run_id, ignore_errors=True)
    return len(old)


def _last_to_make_an_asset(instance: dg.DagsterInstance) -> set[str]:
    records = instance.get_asset_records(instance.all_asset_keys())
    return {event.run_id for record in records if (event := record.asset_entry.last_materialization)}


def _last_of_a_check(connection: sa.Connection) -> set[str]:
    newest = sa.select(Checks.c.run_id).where(Checks.c.id.in_(_newest_ids(sa.true())))
    return {run_id for (run_id,) in connection.execute(newest)}


def _newest_ids(condition: sa.ColumnElement[bool]) -> sa.Select[tuple[int]]:
    """Return the query for the id of each check's newest record that meets a condition."""
    return sa.select(sa.func.max(Checks.c.id)).where(condition).group_by(Checks.c.asset_key, Checks.c.check_name)
