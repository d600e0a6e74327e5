"""Write keys: which source an event comes from. Only a hash of each key is kept, in ``keys.json`` of the collector's folder."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import secrets
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.files import write_atomically

NAME = re.compile(r"[a-z0-9_]+")
OWN_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}")
ID_DIGITS = 12
# How long a running collector may go on with the keys as they were.
REREAD_SECONDS = 1.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WriteKey:
    """A write key as it is stored: the SHA-256 of the token, the source, the namespace of its ids, how many events it may send."""

    token_hash: str
    source: str
    namespace: str
    created_at: str
    is_disabled: bool = False
    events_per_minute: int | None = None

    @property
    def key_id(self) -> str:
        """The name by which commands speak of the key; it reveals nothing of the token."""
        return self.token_hash[:ID_DIGITS]


class KeyReader:
    """The write keys as the collector sees them; notices within ``REREAD_SECONDS`` that the file has changed."""

    def __init__(self, path: Path) -> None:
        """Read the file; there may be none yet.

        Raises:
            UserError: the file is damaged.
        """
        self._path = path
        self._version = _version(path)
        self._keys = {key.token_hash: key for key in read_keys(path)}
        self._checked = time.monotonic()

    def find(self, token: str) -> WriteKey | None:
        """Return the key of a token, or None; the keys before it stay valid while the file cannot be read."""
        if time.monotonic() - self._checked >= REREAD_SECONDS:
            self._checked = time.monotonic()
            version = _version(self._path)
            if version != self._version:
                try:
                    self._keys = {key.token_hash: key for key in read_keys(self._path)}
                except (UserError, OSError) as error:
                    logger.warning("The write keys stay as they were: %s", error)
                self._version = version
        return self._keys.get(_hash(token))


def create_key(
    path: Path, source: str, namespace: str, *, token: str | None = None, events_per_minute: int | None = None
) -> tuple[str, WriteKey]:
    """Store a new key and return its token, which is shown this once, and the key.

    Args:
        path: of the file.
        source: the name of what sends with it.
        namespace: of its customers, devices and products.
        token: the key itself, for clients that have one already; else one is made.
        events_per_minute: what it may send; None for any number.

    Raises:
        UserError: a name has other characters than a-z, 0-9 and _; the token cannot be one or is taken.
    """
    for what, name in (("source", source), ("namespace", namespace)):
        if not NAME.fullmatch(name):
            raise UserError(f"The {what} {name!r} is not accepted: use lower-case letters, digits and _ only.")
    if token is not None and not OWN_TOKEN.fullmatch(token):
        raise UserError("This write key is not accepted: give 16 to 128 letters (A-Z, a-z), digits, _ and -.")
    token = token or secrets.token_urlsafe(24)
    created = datetime.now(UTC).isoformat(timespec="seconds")
    key = WriteKey(_hash(token), source, namespace, created, events_per_minute=events_per_minute)
    with _changing(path) as keys:
        for other in keys:
            if other.token_hash == key.token_hash:
                raise UserError(
                    f"This write key is taken by the source {other.source} (id {other.key_id}): give another."
                )
        keys.append(key)
    return token, key


def set_disabled(path: Path, key_id: str, *, is_disabled: bool) -> WriteKey:
    """Disable a key (its events are refused until it is enabled again) or enable it.

    Raises:
        UserError: there is no such key.
    """
    with _changing(path) as keys:
        at = _find(keys, key_id)
        keys[at] = replace(keys[at], is_disabled=is_disabled)
        return keys[at]


def revoke_key(path: Path, key_id: str) -> WriteKey:
    """Forget a key for good.

    Raises:
        UserError: there is no such key.
    """
    with _changing(path) as keys:
        return keys.pop(_find(keys, key_id))


def read_keys(path: Path) -> list[WriteKey]:
    """Return the stored keys, oldest first.

    Raises:
        UserError: the file is damaged.
    """
    try:
        return [WriteKey(**key) for key in json.loads(path.read_text())]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError) as error:
        raise UserError(f"The write keys {path} are damaged ({error}): put the file back from a backup.") from None


@contextmanager
def _changing(path: Path) -> Generator[list[WriteKey]]:
    """Yield the keys and write them as they are left, atomically and one process after the other."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock"), mode=0o600):
        keys = read_keys(path)
        yield keys
        write_atomically(path, json.dumps([asdict(key) for key in keys], indent=2), mode=0o600)


def _find(keys: list[WriteKey], key_id: str) -> int:
    for at, key in enumerate(keys):
        if key.key_id == key_id:
            return at
    raise UserError(f"There is no write key {key_id}: `dmp keys list` shows the ids.")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _version(path: Path) -> tuple[int, int] | None:
    """Return what changes whenever the file is replaced."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns
