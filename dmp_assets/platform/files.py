"""Files that are there as a whole or not at all, and YAML files read fast."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Of libyaml, which takes a tenth of the time; PyYAML may have been built without it."""


def read_yaml(path: Path) -> Any:
    """Return what a YAML file holds; None if it is empty."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - one of the safe loaders


def write_atomically(path: Path, content: str | bytes, *, mode: int = 0o666) -> None:
    """Write a file, text as UTF-8; see `atomic_file`."""
    with atomic_file(path, mode=mode) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def atomic_file(path: Path, *, mode: int = 0o666) -> Generator[BinaryIO]:
    """Yield a file that takes its place when all is written and on the disk: readers see the old version or the new one.

    If anything fails the old version stays. A killed process may leave ``<name>.<process id>.tmp`` beside it.

    Args:
        path: where the file belongs; its folder is made if it is missing.
        mode: who may do what with it, less the process' umask.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, mode), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk: a file that was made, renamed or removed is so after a power failure too."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
