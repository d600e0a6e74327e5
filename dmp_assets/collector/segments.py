"""Segments: the files in which collected events wait to be loaded.

A segment is appended to in ``open/`` as NDJSON and, once it is large or old enough, sealed: written as gzip into ``sealed/``,
whole and durably; only then is the open file removed. A process that is killed anywhere leaves a
state that the next writer completes: no line that ``append`` returned for is lost, and no segment appears twice.

Names begin with the time at which the segment was begun and end with random digits, so they sort by time and never come again.
"""

from __future__ import annotations

import gzip
import logging
import os
import secrets
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Self

import orjson
from filelock import FileLock, Timeout

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.files import atomic_file, sync_folder

SEAL_BYTES = 32 << 20
SEAL_SECONDS = 60.0
OPEN_SUFFIX = ".ndjson"
SEALED_SUFFIX = ".ndjson.gz"
DAMAGED = "damaged"
"""The folder of segments that cannot be read to their end; they wait for a whole copy from a backup."""
SIMULATED = "-simulated-"
"""In the name of a segment that a simulation wrote: it follows from the platform's own tables."""
TIME_FORMAT = "%Y%m%dT%H%M%S%fZ"
# Level 1 takes a third of the processor time of level 6 for files a quarter larger.
GZIP_LEVEL = 1
_CHUNK = 1 << 18

logger = logging.getLogger(__name__)


class SegmentWriter:
    """The one writer of a collector's folder; its methods may be called from several threads.

    ``append`` and ``seal_if_due`` seal in the background a segment that is large or old enough.
    """

    def __init__(self, folder: Path, *, seal_bytes: int = SEAL_BYTES, seal_seconds: float = SEAL_SECONDS) -> None:
        """Open the folder: drop what an interrupted append left, seal the segments that an earlier process left open.

        Args:
            folder: the collector's folder, with ``open/`` and ``sealed/`` in it; made if it is missing.
            seal_bytes: an open segment of at least this size is sealed.
            seal_seconds: an open segment begun this many seconds ago is sealed.

        Raises:
            UserError: another process writes to the folder, or the folder cannot be written.
        """
        self._open_dir, self._sealed_dir = folder / "open", folder / "sealed"
        self._seal_bytes, self._seal_seconds = seal_bytes, seal_seconds
        self._mutex = threading.Lock()
        self._fd: int | None = None
        self._path = Path()
        self._size = 0
        self._begun = 0.0
        self._has_torn_tail = False
        self._unsealed: list[Path] = []
        try:
            for made in (folder, self._open_dir, self._sealed_dir):
                made.mkdir(mode=0o700, parents=True, exist_ok=True)
            for parent in (folder.parent, folder):
                sync_folder(parent)
            self._lock = _locked(folder / "writer.lock")
        except OSError as error:
            raise UserError(
                f"The collector's folder {folder} cannot be written ({error.strerror}: {error.filename}). "
                "Name a folder that you may write in DMP_HOME."
            ) from None
        self._last_stamp = self._newest_stamp()
        self._sealer = ThreadPoolExecutor(1, "seal")
        self._recover()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, lines: Sequence[bytes]) -> None:
        """Write lines, each a JSON object without a line break; when this returns they are on the disk.

        Raises:
            OSError: the disk is full or broken; none of the lines is kept, and the writer can be used again.
            ValueError: a line is not one line of a JSON object.
        """
        for line in lines:
            if b"\n" in line or line[:1] != b"{" or line[-1:] != b"}":
                raise ValueError(f"A segment's line is a JSON object without a line break, not {line[:80]!r}")
        if not lines:
            return
        data = b"\n".join(lines) + b"\n"
        with self._mutex:
            self._require_lock()
            fd = self._begin() if self._fd is None else self._fd
            try:
                if self._has_torn_tail:
                    self._drop_tail(fd)
                _write(fd, data)
            except OSError:
                self._has_torn_tail = True
                try:
                    self._drop_tail(fd)
                except OSError:
                    logger.warning("What is left of a failed write in %s waits for the next one", self._path)
                raise
            self._size += len(data)
            if self._is_due():
                self._rotate()

    def seal_if_due(self) -> None:
        """Seal, in the background, an open segment that is old enough, and what could not be sealed before."""
        with self._mutex:
            self._require_lock()
            if self._is_due():
                self._rotate()
            elif self._unsealed:
                self._sealer.submit(self._seal_in_background)

    def seal(self) -> None:
        """Seal everything appended so far; when this returns it is among ``sealed_segments``.

        Raises:
            OSError: the disk is full or broken; the lines stay in the open segment.
        """
        with self._mutex:
            self._require_lock()
            self._rotate()
        self._sealer.submit(self._seal_waiting).result()

    def close(self) -> None:
        """Seal everything and let another process write to the folder."""
        if not self._lock.is_locked:
            return
        try:
            self.seal()
        finally:
            self._sealer.shutdown()
            with self._mutex:
                self._lock.release()

    def _require_lock(self) -> None:
        if not self._lock.is_locked:
            raise ValueError("The segment writer is closed")

    def _begin(self) -> int:
        """Make a new open segment, itself durable in its folder."""
        stamp = max(datetime.now(UTC), self._last_stamp + timedelta(microseconds=1))
        path = self._open_dir / f"{stamp.strftime(TIME_FORMAT)}-{secrets.token_hex(4)}{OPEN_SUFFIX}"
        fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
        try:
            sync_folder(self._open_dir)
        except OSError:
            os.close(fd)
            path.unlink()
            raise
        self._last_stamp, self._path, self._fd = stamp, path, fd
        self._size, self._begun, self._has_torn_tail = 0, time.monotonic(), False
        return fd

    def _drop_tail(self, fd: int) -> None:
        os.ftruncate(fd, self._size)
        os.fsync(fd)
        self._has_torn_tail = False

    def _is_due(self) -> bool:
        is_old = time.monotonic() - self._begun >= self._seal_seconds
        return self._fd is not None and (self._size >= self._seal_bytes or is_old)

    def _rotate(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
            self._unsealed.append(self._path)
            self._sealer.submit(self._seal_in_background)

    def _seal_in_background(self) -> None:
        try:
            self._seal_waiting()
        except OSError as error:
            logger.warning("A segment waits to be sealed: %s", error)

    def _seal_waiting(self) -> None:
        """Seal what waits, oldest first; runs only in the sealing thread, and in the constructor."""
        while self._unsealed:
            _seal_file(self._unsealed[0], self._sealed_dir)
            del self._unsealed[0]

    def _newest_stamp(self) -> datetime:
        """Return the latest time in a segment's name, so that names go on rising when the clock is set back."""
        names = [path.name for path in (*self._open_dir.iterdir(), *self._sealed_dir.glob(f"*{SEALED_SUFFIX}"))]
        stamp = max(names, default="").split("-")[0]
        return datetime.strptime(stamp, TIME_FORMAT).replace(tzinfo=UTC) if stamp else datetime.min.replace(tzinfo=UTC)

    def _recover(self) -> None:
        self._unsealed = sorted(self._open_dir.glob(f"*{OPEN_SUFFIX}"))
        for path in self._unsealed:
            for unfinished in self._sealed_dir.glob(f"{path.stem}{SEALED_SUFFIX}.*.tmp"):
                unfinished.unlink()
        self._sealer.submit(self._seal_in_background).result()


def write_sealed(folder: Path, name: str, lines: Sequence[bytes]) -> Path:
    """Write a whole sealed segment beside those of the folder's writer, which may be at work; return its path.

    Args:
        folder: the collector's folder; made if it is missing.
        name: the segment's name without suffix; like every name, a time in ``TIME_FORMAT``, a hyphen and what makes it unique.
        lines: the lines, each a JSON object without a line break.

    Raises:
        UserError: the folder cannot be written, or its disk is full.
    """
    sealed_dir = folder / "sealed"
    sealed = sealed_dir / f"{name}{SEALED_SUFFIX}"
    try:
        for made in (folder, sealed_dir):
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_gzip(sealed, (b"\n".join(lines[at : at + 1000]) + b"\n" for at in range(0, len(lines), 1000)))
    except OSError as error:
        raise UserError(f"The segment {sealed} cannot be written ({error.strerror}).") from None
    return sealed


def write_gzip(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a segment's file, which only its owner may read, as a whole."""
    with atomic_file(path, mode=0o600) as file, gzip.GzipFile("", "wb", GZIP_LEVEL, file, mtime=0) as archive:
        for chunk in chunks:
            archive.write(chunk)


def sealed_segments(folder: Path) -> list[Path]:
    """Return the sealed segments of a collector's folder, oldest first."""
    return sorted((folder / "sealed").glob(f"*{SEALED_SUFFIX}"))


def set_aside(path: Path, folder: Path) -> Path:
    """Move a sealed segment that is damaged out of the way, as it is, and return where it is now."""
    damaged_dir = folder / DAMAGED
    damaged_dir.mkdir(mode=0o700, exist_ok=True)
    moved = path.rename(damaged_dir / path.name)
    sync_folder(damaged_dir)
    return moved


def damaged_segments(folder: Path) -> list[Path]:
    """Return the segments of a collector's folder that were set aside as damaged, oldest first."""
    return sorted((folder / DAMAGED).glob(f"*{SEALED_SUFFIX}"))


def read_segment(path: Path) -> Iterator[dict]:
    """Yield the lines of a sealed segment as objects, in the order in which they were appended.

    Raises:
        UserError: the file is damaged.
    """
    try:
        with gzip.open(path, "rb") as file:
            for line in file:
                yield orjson.loads(line)
    except (gzip.BadGzipFile, EOFError, zlib.error, orjson.JSONDecodeError) as error:
        raise UserError(f"The segment {path} is damaged ({error}): put it back from a backup, or remove it.") from None


def _locked(path: Path) -> FileLock:
    lock = FileLock(path, mode=0o600, blocking=False, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise UserError(
            f"Another process writes to the collector's folder {path.parent}: stop it (`dmp collect`), "
            "or name another folder in DMP_HOME."
        ) from None
    return lock


def _write(fd: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(fd, left) :]
    os.fsync(fd)


def _seal_file(path: Path, sealed_dir: Path) -> None:
    """Turn an open segment into a sealed one; repeating it after a kill anywhere in it completes it."""
    sealed = sealed_dir / f"{path.stem}{SEALED_SUFFIX}"
    if not sealed.exists():
        chunks = _whole_chunks(path)
        if (first := next(chunks, None)) is not None:
            write_gzip(sealed, chain([first], chunks))
    path.unlink()
    sync_folder(path.parent)


def _whole_chunks(path: Path) -> Iterator[bytes]:
    """Yield the whole lines of an open segment, many at a time."""
    chunk = bytearray()
    for line in _whole_lines(path):
        chunk += line
        if len(chunk) >= _CHUNK:
            yield bytes(chunk)
            chunk.clear()
    if chunk:
        yield bytes(chunk)


def _whole_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines that were written whole: a kill cuts the last one; a power failure may leave zeros before it."""
    with path.open("rb") as file:
        for line in file:
            try:
                is_whole = line.endswith(b"\n") and isinstance(orjson.loads(line), dict)
            except orjson.JSONDecodeError:
                is_whole = False
            if is_whole:
                yield line
            else:
                logger.warning("%s: %d bytes of an interrupted write are dropped", path, len(line))
