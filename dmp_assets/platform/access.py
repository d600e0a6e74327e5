"""Who may read what the platform writes: the home belongs to its owner alone, what is published to whom the settings say."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from dmp_assets.platform.settings import Settings

SPILL = "spill-"
"""The beginning of the folders of `Settings.spill_dir`; the id of the process follows."""

_PRIVATE = 0o077
"""What a process takes from the mode of every file and folder that it makes."""

_READERS = {"owner": (0o700, 0o700, 0o400), "group": (0o710, 0o750, 0o440), "everyone": (0o711, 0o755, 0o444)}
"""By who may read what is published: mode of the home, which others pass through, of a published folder, and bits of a file."""


def keep_private(settings: Settings) -> None:
    """Have this process and those that it starts make files that only their owner can read, and so the home itself."""
    os.umask(_PRIVATE)
    settings.home.chmod(_READERS[settings.published_for][0])


def tighten(settings: Settings) -> None:
    """Take a home from before this rule from everybody but its owner; what is published is left to `share_published`."""
    for folder, folders, files in os.walk(settings.home):
        folders[:] = [name for name in folders if Path(folder, name) != settings.published_dir]
        for path in (Path(folder, name) for name in (*folders, *files)):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & 0o700)


def share_published(settings: Settings) -> None:
    """Let those read what is published whom the settings name; whoever may not does not even see the folder."""
    _, folder_mode, bits = _READERS[settings.published_for]
    for folder, _, files in os.walk(settings.published_dir):
        Path(folder).chmod(folder_mode)
        for path in (Path(folder, name) for name in files):
            if not path.is_symlink():
                path.chmod((path.stat().st_mode & 0o700) | bits)


@contextmanager
def private_folder(settings: Settings) -> Generator[Path]:
    """Yield a folder that is gone afterwards, and at the latest when the next process empties what killed ones left."""
    is_new = not settings.home.exists()
    settings.spill_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with tempfile.TemporaryDirectory(dir=settings.spill_dir) as folder:
            yield Path(folder)
    finally:
        # A look at data makes no home.
        for each in (settings.spill_dir, settings.home) if is_new else (settings.spill_dir,):
            with suppress(OSError):
                each.rmdir()


def empty_spill(settings: Settings) -> None:
    """Remove what processes that were killed had put on the disk because it did not fit into memory."""
    for folder in settings.home.glob(f"{SPILL}*"):
        process = folder.name.removeprefix(SPILL)
        if not (process.isdigit() and psutil.pid_exists(int(process))) or int(process) == os.getpid():
            shutil.rmtree(folder, ignore_errors=True)
