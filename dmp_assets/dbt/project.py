"""The dbt project: its files, where its parsed state lies, and how that is kept current."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dmp_assets.dbt.artifacts import said_by_dbt
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.project import PACKAGE_DIR, PACKAGE_LINK
from dmp_assets.platform.settings import Settings

if TYPE_CHECKING:  # takes two seconds to import, and a project that is parsed already needs none of it
    from dagster_dbt import DbtProject

    from dmp_assets.dbt.resource import Dbt

DBT_SUFFIXES = {".sql", ".yml", ".md"}
GENERATED = {"target", "logs", "dbt_packages"}
STAGING_STEP, DBT_STEP = "dbt_staging", "dbt"
"""Names of the steps that build the models: the staging views, and all others."""

PARSED = "parsed.sha256"
"""File beside the manifest: the hashes of the project that it was parsed from and of the manifest."""


def dbt_project(settings: Settings) -> DbtProject:
    """Return the dbt project, with its parsed state under the platform's home."""
    from dagster_dbt import DbtProject

    os.environ.update(settings.environment())  # dbt and its profile read their settings from the environment
    return DbtProject(settings.dbt_project_dir, target_path=settings.dbt_target_dir, profiles_dir=PACKAGE_DIR)


def dbt_resource(project: DbtProject) -> Dbt:
    """Return the resource that runs the dbt installed beside this Python; see `dmp_assets.dbt.child`."""
    from dmp_assets.dbt.resource import Dbt

    return Dbt(project_dir=project, dbt_executable=str(Path(sys.executable).with_name("dmp-dbt")))


def prepare_project(settings: Settings) -> None:
    """Parse the dbt project into the manifest that the graph is made from, unless that is of just these files.

    Raises:
        UserError: dbt cannot parse the project, or cannot find its packages.
    """
    if settings.dbt_project_dir != PACKAGE_DIR:
        _install_packages(settings)
    project = project_hash(settings)
    record = settings.dbt_target_dir / PARSED
    if record.exists() and record.read_text() == _parsed(settings, project):
        return
    record.unlink(missing_ok=True)
    _run_dbt(settings, "parse", "dbt cannot parse the project")
    # Every step has a target folder of its own; dagster-dbt copies what is parsed here into one that has nothing parsed yet.
    for outdated in settings.dbt_target_dir.glob("*/partial_parse.msgpack"):
        outdated.unlink()
    record.write_text(_parsed(settings, project))


def _parsed(settings: Settings, project: str) -> str:
    """Return what is recorded of a project and the manifest that it was parsed into, which may be cut or missing by now."""
    manifest = settings.dbt_target_dir / "manifest.json"
    return f"{project} {hashlib.sha256(manifest.read_bytes()).hexdigest() if manifest.exists() else 'missing'}"


def _install_packages(settings: Settings) -> None:
    """Let the project find the platform's dbt project where it is installed now, and dbt its packages if it never did.

    dbt links to our link, so that an upgrade or another environment changes nothing for it.
    """
    link = settings.dbt_project_dir / PACKAGE_LINK
    if link.resolve() != PACKAGE_DIR:
        link.parent.mkdir(exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(PACKAGE_DIR)
    if not (settings.dbt_project_dir / "dbt_packages" / "dmp").is_dir():
        _run_dbt(settings, "deps", "dbt cannot install the packages of packages.yml")


def _run_dbt(settings: Settings, command: str, otherwise: str) -> None:
    invocation = dbt_resource(dbt_project(settings)).cli(
        [command, "--quiet"], target_path=settings.dbt_target_dir, raise_on_error=False
    )
    with contextlib.redirect_stdout(io.StringIO()):  # its stack traces; what it has to say comes with the error
        error = invocation.wait().get_error()
    if error:
        raise UserError(f"{otherwise}: {said_by_dbt(str(error)) or error}")


def read_manifest(settings: Settings) -> dict[str, Any]:
    """Return the manifest that the project was parsed into.

    Raises:
        UserError: the project has not been parsed yet, or the manifest is damaged.
    """
    file = dbt_project(settings).manifest_path
    if not file.exists():
        raise UserError(f"There is no dbt manifest at {file}: run `dmp setup` first.")
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        raise UserError(f"The dbt manifest {file} is damaged: run `dmp setup`, which makes it again.") from None


def dbt_project_files(folder: Path) -> list[Path]:
    """Return the files that make up a dbt project, sorted: hidden folders and what dbt writes left out."""
    return sorted(
        path
        for entry in folder.iterdir()
        if not entry.name.startswith(".") and entry.name not in GENERATED
        for path in (entry, *entry.rglob("*"))
        if path.suffix in DBT_SUFFIXES
    )


def project_hash(settings: Settings) -> str:
    """Return a hash of what the manifest follows from: the project's files and where they lie, and dbt's own version.

    Times of files tell nothing: those of a newly installed version may be older than the last build.
    """
    digest = hashlib.sha256(f"{version('dbt-core')} {version('dbt-duckdb')}".encode())
    for folder in settings.dbt_folders:
        digest.update(str(folder).encode())
        for file in dbt_project_files(folder):
            digest.update(file.relative_to(folder).as_posix().encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
