"""The platform's home: the one folder that holds all state, made ready before anything runs."""

from __future__ import annotations

import shutil
from pathlib import Path

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings

INSTANCE = Path(__file__).with_name("dagster.yaml")


def remove_home(settings: Settings) -> None:
    """Delete the home with all state.

    Raises:
        UserError: the folder is not one that `prepare_home` made; nothing is deleted.
    """
    if not (settings.dagster_home / INSTANCE.name).is_file():
        raise UserError(f"{settings.home} is no home of the platform, so nothing was deleted; DMP_HOME names another.")
    shutil.rmtree(settings.home)


def prepare_home(settings: Settings) -> None:
    """Make the folders and Dagster's configuration.

    Raises:
        UserError: the home cannot be written.
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
