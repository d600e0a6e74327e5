"""What is wrong with a platform, in sentences: with its disk, its files, its runs, its checks, its data.

A sentence names files, tables, checks, runs and numbers and no row of the data, so that it may be sent to anybody (`alerts`).
"""

from __future__ import annotations

import datetime as dt
import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Literal

import dagster as dg
from dagster._core.execution.stats import StepEventStatus

from dmp_assets.platform.automation import LATE_AFTER
from dmp_assets.platform.errors import UserError, explained
from dmp_assets.platform.gate import not_passed
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse, WarehouseLockedError, has_table
from dmp_assets.runs.dead import home_of, is_dead
from dmp_assets.runs.made import changed_since_made, refuse_damage
from dmp_assets.runs.watched import Watched
from dmp_assets.sources.totals import rejected_counts

_SHOWN = 5
_RECENT_RUNS = 200
_EVENT_DAYS = 1
"""Of how many last days the refused events are counted."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        cause: what it is about, such as ``run:refresh``; the same cause is told once, whatever its sentence says by now.
        is_urgent: whether something is lost or stands still, rather than being late or odd.
        text: the sentence.
    """

    cause: str
    is_urgent: bool
    text: str


Level = Literal[0, 1, 2]


def level(findings: Iterable[Finding]) -> Level:
    """Return the exit code: 0 where all is well, 1 where something is late or odd, 2 where something is broken."""
    urgent = [finding.is_urgent for finding in findings]
    return 2 if any(urgent) else 1 if urgent else 0


def findings(settings: Settings, instance: dg.DagsterInstance, watched: Watched, now: dt.datetime) -> list[Finding]:
    """Return everything that is wrong.

    Args:
        settings: of the platform.
        instance: where runs and checks are recorded.
        watched: of the graph.
        now: the present, with a time zone.
    """
    return [
        *disk(settings),
        *files(settings),
        *runs(instance),
        *checks(instance, watched.blocking),
        *late(instance, watched.cadences, now),
        *refused(settings, now),
    ]


def disk(settings: Settings) -> Iterator[Finding]:
    """Yield that the disk of the home is nearly full."""
    free = shutil.disk_usage(settings.home).free / 1e9
    if free < settings.min_free_gb:
        yield Finding(
            "disk",
            free < settings.min_free_gb / 4,
            f"Only {free:.1f} GB are free on the disk of {settings.home}, and DMP_MIN_FREE_GB asks for {settings.min_free_gb:g}: "
            "free some, or keep past runs for a shorter time (DMP_KEEP_RUNS_DAYS).",
        )


def history(settings: Settings) -> Iterator[Finding]:
    """Yield each of Dagster's databases that is damaged; to be asked before an instance is opened."""
    for file in sorted(settings.dagster_home.glob("*/**/*.db")):
        try:
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
                ((outcome,), *_) = connection.execute("pragma quick_check(1)").fetchall()
                if outcome != "ok":
                    raise sqlite3.DatabaseError(f"malformed: {outcome}")
        except sqlite3.DatabaseError as error:
            if "locked" not in str(error):
                yield Finding("history", True, f"{file}: {explained(error) or error}")


def files(settings: Settings) -> Iterator[Finding]:
    """Yield what is damaged or missing of the warehouse, the vault and the published files."""
    try:
        refuse_damage(settings)
        impatient = settings.model_copy(update={"lock_timeout_seconds": 0})
        changed = list(changed_since_made(impatient))
    except WarehouseLockedError:
        return  # whoever builds will tell
    except UserError as error:
        yield Finding("files", True, str(error))
        return
    if changed:
        more = f" And {len(changed) - _SHOWN} more." if len(changed) > _SHOWN else ""
        yield Finding("made", True, f"{' '.join(changed[:_SHOWN])}{more} `dmp build` makes it again.")


def runs(instance: dg.DagsterInstance) -> Iterator[Finding]:
    """Yield each job whose newest run that ended has failed, and each run whose process died."""
    home = home_of(instance)
    begun = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])
    for record in instance.get_run_records(begun):
        run = record.dagster_run
        if is_dead(home, record):
            words = f"Run {run.run_id[:8]} of {run.job_name} was left by a process that died; the next command marks it failed."
            yield Finding(f"run:{run.job_name}", True, words)
    ended = dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE])
    newest: dict[str, dg.DagsterRun] = {}
    for run in instance.get_runs(ended, limit=_RECENT_RUNS):
        newest.setdefault(run.job_name, run)
    for job, run in newest.items():
        if run.is_failure:
            steps = [
                step.step_key
                for step in instance.get_run_step_stats(run.run_id)
                if step.status == StepEventStatus.FAILURE
            ]
            where = f" in {', '.join(steps[:_SHOWN])}" if steps else ""
            words = (
                f"Run {run.run_id[:8]}, the newest of {job}, failed{where}; `dmp summary` or the Dagster UI says why."
            )
            yield Finding(f"run:{job}", True, words)


def checks(instance: dg.DagsterInstance, blocking: Iterable[dg.AssetCheckKey]) -> Iterator[Finding]:
    """Yield the blocking checks whose newest outcome is no pass, and which hold back what is downstream."""
    run_before = instance.event_log_storage.get_latest_asset_check_execution_by_key([*blocking])
    for name, _ in not_passed(instance, run_before):
        words = f"The check {name} did not pass: nothing is published from it until it does; `dmp summary` says what it found."
        yield Finding(f"check:{name}", True, words)


def late(instance: dg.DagsterInstance, cadences: Mapping[dg.AssetKey, str], now: dt.datetime) -> Iterator[Finding]:
    """Yield what was made before and not again within the time that its cadence allows."""
    records = instance.get_asset_records([*cadences])
    made = {
        record.asset_entry.asset_key: event.timestamp
        for record in records
        if (event := record.asset_entry.last_materialization) is not None
    }
    for cadence, window in LATE_AFTER.items():
        ages = {key: now.timestamp() - since for key, since in made.items() if cadences[key] == cadence}
        overdue = {key: age for key, age in ages.items() if age > window.total_seconds()}
        if overdue:
            oldest = max(overdue, key=lambda key: overdue[key])
            yield Finding(
                f"late:{cadence}",
                False,
                f"{len(overdue)} of the {cadence} assets are late, {oldest.to_user_string()} was made "
                f"{overdue[oldest] / 3600:,.0f} hours ago: is the schedule switched on, and does the daemon run?",
            )


def refused(settings: Settings, now: dt.datetime) -> Iterator[Finding]:
    """Yield the sources of which more is refused than the settings allow: rows in the last build, events loaded in the last day."""
    warehouse = Warehouse.from_settings(settings).without_patience()
    if not settings.warehouse_path.exists():
        return
    try:
        with warehouse.read() as connection:
            counts = [
                (source, table, rows, rejected) for source, table, rows, rejected, _ in rejected_counts(connection)
            ]
            if has_table(connection, "raw.events") and has_table(connection, "raw.rejected_events"):
                since = now.astimezone(dt.UTC).replace(tzinfo=None) - dt.timedelta(days=_EVENT_DAYS)
                events = connection.execute(
                    """
                    select
                        coalesce(source, 'unknown source'), 'events loaded in the last day', count(*),
                        count(*) filter (where is_refused)
                    from (
                        select source, false as is_refused from raw.events where _loaded_at >= $since
                        union all
                        select source, true from raw.rejected_events where _loaded_at >= $since
                    )
                    group by 1
                    """,
                    {"since": since},
                ).fetchall()
                counts += events
    except UserError:
        return  # told by `files`, or another process has it open
    for source, table, rows, rejected in counts:
        if rows and 100 * rejected / rows > settings.max_rejected_percent:
            yield Finding(
                f"refused:{source}:{table}",
                False,
                f"{rejected:,.0f} of {rows:,.0f} {table} from {source} were refused, {rejected / rows:.0%}; `dmp quarantine list` "
                "says why.",
            )


def as_json(found: Iterable[Finding]) -> Mapping[str, object]:
    """Return the findings as `dmp health --json` prints them."""
    found = list(found)
    told = [{"cause": each.cause, "is_urgent": each.is_urgent, "text": each.text} for each in found]
    return {"level": level(found), "at": int(time.time()), "findings": told}
