"""The platform's home: the one folder that holds all state, made ready before anything runs."""

from __future__ import annotations

from pathlib import Path

from dmp_assets.errors import UserError
from dmp_assets.settings import Settings

INSTANCE = Path(__file__).with_name("dagster.yaml")
DBT_SUFFIXES = {".sql", ".yml", ".md"}


def prepare_home(settings: Settings) -> None:
    """Make the folders, Dagster's configuration and the parsed dbt project current; quick if they are.

    Raises:
        UserError: the home cannot be written, or dbt cannot parse the project.
    """
    try:
        for folder in (settings.home, settings.dagster_home, settings.dbt_target_dir, settings.published_dir):
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / ".writable"
            probe.touch()
            probe.unlink()
        (settings.dagster_home / "dagster.yaml").write_text(INSTANCE.read_text())
    except OSError as error:
        raise UserError(
            f"The platform's home {settings.home} cannot be written ({error.strerror}: {error.filename}). "
            "Name a folder that you may write in DMP_HOME."
        ) from None
    if not _manifest_is_current(settings):
        from dmp_assets.transform import parse_project

        parse_project(settings)


def dbt_project_files(project_dir: Path) -> list[Path]:
    """Return the files that make up a dbt project, sorted."""
    generated = {"target", "logs"}
    return sorted(
        path
        for path in project_dir.rglob("*")
        if path.suffix in DBT_SUFFIXES and not generated & set(path.relative_to(project_dir).parts)
    )


def _manifest_is_current(settings: Settings) -> bool:
    manifest = settings.dbt_target_dir / "manifest.json"
    newest = max(file.stat().st_mtime for file in dbt_project_files(settings.dbt_project_dir))
    return manifest.exists() and manifest.stat().st_mtime >= newest
