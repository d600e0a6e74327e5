"""Whether a build is due: a hash of everything that its result depends on."""

from __future__ import annotations

import hashlib
import os
from importlib import metadata
from pathlib import Path

import dagster as dg

from dmp_assets.collector.segments import SEALED_SUFFIX
from dmp_assets.dbt.project import dbt_project_files
from dmp_assets.demo import complete_journey
from dmp_assets.demo.simulation.simulate import NAME_START as SIMULATED_NAME
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.sources.declare import declared_tables, listed_sources
from dmp_assets.sources.quarantine import replays
from dmp_assets.sources.read import files_at

FINGERPRINT = "dmp/fingerprint"
"""Tag of a whole build: the fingerprint that it was started under."""

CODE = Path(__file__).resolve().parents[1]


def fingerprint(settings: Settings) -> str:
    """Return a hash of everything a build depends on.

    These are code, installed packages, dbt projects, rules, source files, replayed rows, the collector's sealed segments and
    settings that change results. With a database or web service among the sources no two are alike.
    """
    digest = hashlib.sha256()
    digest.update(repr(sorted((each.name, each.version) for each in metadata.distributions())).encode())
    for path in [
        *sorted(path for path in CODE.rglob("*") if path.is_file() and path.suffix != ".pyc"),
        *(path for folder in settings.dbt_folders for path in dbt_project_files(folder)),
        *sorted(settings.rules_dir.glob("*.yml")),
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
    digest.update(f"{settings.as_of} {settings.sample_percent}".encode())
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
