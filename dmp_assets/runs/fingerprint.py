"""Whether a build is due: a hash of everything that its result depends on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from dmp_assets.dbt.project import dbt_project_files
from dmp_assets.platform.settings import Settings
from dmp_assets.runs.made import made_by

if TYPE_CHECKING:
    from dmp_assets.platform.domain import Domain

FINGERPRINT = "dmp/fingerprint"
"""Tag of a whole build: the fingerprint that it was started under."""

CODE = Path(__file__).resolve().parents[1]


def fingerprint(settings: Settings, domains: Iterable[Domain]) -> str:
    """Return a hash of everything a build depends on.

    These are the graph, the as-of date, and what each domain names.
    """
    digest = hashlib.sha256(f"{settings.as_of} {graph_hash(settings)}".encode())
    for domain in domains:
        digest.update(repr(sorted(domain.depends_on())).encode())
    return digest.hexdigest()[:16]


def graph_hash(settings: Settings) -> str:
    """Return a hash of everything that the graph follows from: code, installed packages, dbt projects, rules."""
    installed = sorted({(each.name, each.version) for each in metadata.distributions()})
    digest = hashlib.sha256(repr(installed).encode())
    for path in [
        *sorted(path for path in CODE.rglob("*") if path.is_file() and "__pycache__" not in path.parts),
        *(path for folder in settings.dbt_folders for path in dbt_project_files(folder)),
        *sorted(settings.rules_dir.glob("*.yml")),
    ]:
        digest.update(path.name.encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def finished_run(instance: dg.DagsterInstance, settings: Settings, present: str) -> str | None:
    """Return the id of the newest run if it was a successful whole build with the present fingerprint, whose making is recorded.

    Only the newest run counts: whatever ran after a whole build, killed or under other settings, may have left other tables. A run
    that the UI repeated in part has the tags of the whole one.
    """
    for newest in instance.get_runs(limit=1):
        is_present = newest.is_success and not newest.parent_run_id and newest.tags.get(FINGERPRINT) == present
        if is_present and made_by(settings) == newest.run_id:
            return newest.run_id
    return None
