"""Locks between processes: one build at a time in a home, and which runs have a process that lives.

A lock is a file that the operating system releases when its holder ends, however it ends. So it needs no process id that another
process may have by now and no clock, and it holds between containers that share a home too.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.files import write_atomically

log = logging.getLogger("dmp.locks")


@contextmanager
def one_build(home: Path, what: str) -> Generator[None]:
    """Hold the home's lock for whatever builds in it; wait as long as another process has it, and say so.

    Held twice by the same process it counts once.

    Args:
        home: of the platform.
        what: builds, in words, for those who wait.

    Raises:
        UserError: the home's file system has no locks.
    """
    lock = _lock(home, "build")
    note = Path(lock.lock_file).with_suffix(".json")
    if not _try(lock):
        log.warning("Waiting for %s, which is at work in %s.", _told(note), home)
        lock.acquire(poll_interval=0.25)
    try:
        if lock.lock_counter == 1:
            write_atomically(note, json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "what": what}))
        yield
    finally:
        if lock.lock_counter == 1:
            note.unlink(missing_ok=True)
        lock.release()


@contextmanager
def short_lock(home: Path, name: str) -> Generator[None]:
    """Hold a lock of the home for the moment in which its files are made ready."""
    lock = _lock(home, name)
    if not _try(lock):
        lock.acquire(poll_interval=0.05)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def alive(home: Path, run_id: str) -> Generator[None]:
    """Show others for as long as this process makes a run that it lives; see `is_alive`."""
    lock = _lock(home, f"run-{run_id}")
    if not _try(lock):
        raise UserError(f"Another process makes run {run_id} already.")
    try:
        yield
    finally:
        if lock.lock_counter == 1:
            Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def is_alive(home: Path, run_id: str) -> bool | None:
    """Return whether the process that makes a run lives; None if none ever said that it makes it."""
    path = _folder(home) / f"run-{run_id}.lock"
    if not path.exists():
        return None
    probe = FileLock(path)
    if not _try(probe):
        return True
    probe.release()
    return False


def forget(home: Path, run_id: str) -> None:
    """Remove what a run whose process died left behind."""
    (_folder(home) / f"run-{run_id}.lock").unlink(missing_ok=True)


def _folder(home: Path) -> Path:
    return home / "locks"


def _lock(home: Path, name: str) -> FileLock:
    folder = _folder(home)
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{name}.lock", mode=0o600, is_singleton=True, thread_local=False)


def _try(lock: FileLock) -> bool:
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    except OSError as error:
        if error.errno in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
            raise UserError(
                f"The file system of {lock.lock_file} has no locks ({error.strerror}), which keep two builds apart: "
                "put the home (DMP_HOME) on a local disk."
            ) from None
        raise
    return True


def _told(note: Path) -> str:
    """Return who holds a lock, in words."""
    try:
        holder = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "another process"
    elsewhere = "" if holder["host"] == socket.gethostname() else f" on {holder['host']}"
    return f"process {holder['pid']}{elsewhere} ({holder['what']})"


def this_command() -> str:
    """Return how this process was started, for those who wait for it: the command and its first word, without arguments."""
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]])
