"""The platform's home: the one folder that holds all state, made ready before anything runs."""

from __future__ import annotations

import json
import shutil
from importlib.metadata import version

from dmp_assets.platform.access import empty_spill, keep_private, share_published, tighten
from dmp_assets.platform.errors import UserError, explained
from dmp_assets.platform.files import write_atomically
from dmp_assets.platform.instance import NAME, write_instance
from dmp_assets.platform.locks import one_build, this_command
from dmp_assets.platform.settings import Settings

VERSION = 2
"""Of the home's layout. What `prepare_home` does not bring an older home to by itself raises it, and is then done there."""

_PRIVATE_SINCE = 2
"""From this version on nobody but the owner can read a home."""

STAMP = "home.json"


def remove_home(settings: Settings) -> None:
    """Delete the home with all state, once nothing is built in it any more.

    Raises:
        UserError: the folder is not one that `prepare_home` made; nothing is deleted.
    """
    if not (settings.dagster_home / NAME).is_file():
        raise UserError(f"{settings.home} is no home of the platform, so nothing was deleted; DMP_HOME names another.")
    with one_build(settings.home, this_command()):
        shutil.rmtree(settings.home)


def prepare_home(settings: Settings) -> None:
    """Make the folders and Dagster's configuration; a home of an older version is brought to this one.

    Raises:
        UserError: the home cannot be written, or a newer version made it.
    """
    try:
        for folder in (settings.home, settings.dagster_home, settings.dbt_target_dir, settings.published_dir):
            folder.mkdir(parents=True, exist_ok=True)
            keep_private(settings)
            probe = folder / ".writable"
            probe.touch()
            probe.unlink()
        _refuse_newer(settings)
        empty_spill(settings)
        if home_version(settings) < _PRIVATE_SINCE:
            tighten(settings)
            share_published(settings)
        write_instance(settings.dagster_home)
        _stamp(settings)
    except OSError as error:
        raise UserError(
            explained(error)
            or f"The platform's home {settings.home} cannot be written ({error.strerror}: {error.filename}). "
            "Name a folder that you may write in DMP_HOME."
        ) from None


def home_version(settings: Settings) -> int:
    """Return the version of the home's layout; 0 is that of homes from before there was a stamp.

    Raises:
        UserError: the stamp is damaged.
    """
    file = settings.home / STAMP
    if not file.exists():
        return 0
    try:
        return int(json.loads(file.read_text(encoding="utf-8"))["version"])
    except (ValueError, KeyError, TypeError):
        raise UserError(f'{file} is damaged: write {{"version": {VERSION}}} into it.') from None


def _refuse_newer(settings: Settings) -> None:
    found = home_version(settings)
    if found > VERSION:
        raise UserError(
            f"The home {settings.home} was made by a newer version of the platform (layout {found}, this one knows {VERSION}): "
            "install that version or a later one, or name another home in DMP_HOME."
        )


def _stamp(settings: Settings) -> None:
    """Write the version that the home is now of, and which release brought it there."""
    if not (settings.home / STAMP).exists() or home_version(settings) < VERSION:
        content = {"version": VERSION, "made_by": version("ai-dmp")}
        write_atomically(settings.home / STAMP, json.dumps(content))
