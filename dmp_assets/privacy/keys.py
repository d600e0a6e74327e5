"""The one secret of the platform and the two keys that follow from it: of the vault's encryption and of the pseudonyms.

The secret comes from ``DMP_VAULT_KEY`` or from the file ``vault.key`` in the platform's home, which the first run makes and only
its owner may read. It is never logged. Whoever loses it loses the vault, and pseudonyms can no longer be made alike.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.files import write_atomically
from dmp_assets.platform.settings import Settings

KEY_FILE = "vault.key"
SHORTEST_SECRET = 32
_PSEUDONYM = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Keys:
    """What follows from the secret; it is kept out of ``repr`` by having none of its own."""

    secret: bytes
    origin: str

    def __repr__(self) -> str:
        """Say where the secret comes from, never what it is."""
        return f"Keys(from {self.origin})"

    @cached_property
    def encryption(self) -> str:
        """The key of the vault's file: 64 hexadecimal digits."""
        return self._derived(b"vault").hex()

    @cached_property
    def pseudonyms(self) -> bytes:
        """The key of `pseudonym`: 32 bytes."""
        return self._derived(b"pseudonyms")

    def _derived(self, purpose: bytes) -> bytes:
        return hmac.digest(self.secret, purpose, hashlib.sha256)


def read_keys(settings: Settings) -> Keys:
    """Return the keys; the first run in a home without a secret makes one.

    Raises:
        UserError: the secret is too short, others may read its file, or it is missing while there is a vault.
    """
    if settings.vault_key is not None:
        secret = settings.vault_key.get_secret_value()
        if len(secret) < SHORTEST_SECRET:
            raise UserError(f"DMP_VAULT_KEY is too short: give a random text of at least {SHORTEST_SECRET} characters.")
        return Keys(secret.encode(), "DMP_VAULT_KEY")
    file = settings.home / KEY_FILE
    if not file.exists():
        if settings.vault_path.exists():
            raise UserError(
                f"{file} is missing, and {settings.vault_path} cannot be opened without it: put the file back from a backup, or "
                "give its content in DMP_VAULT_KEY."
            )
        _create(file)
    if file.stat().st_mode & 0o077:
        raise UserError(f"Others than its owner may read {file}: run `chmod 600 {file}`.")
    return Keys(file.read_text(encoding="utf-8").strip().encode(), str(file))


def pseudonym(kind: str, value: str, key: bytes) -> str:
    """Return the keyed hash of an identifier: the first 32 hexadecimal digits of HMAC-SHA-256 of its kind and normal form.

    Args:
        kind: such as ``email``; equal values of two kinds have different pseudonyms.
        value: as it was given; e-mail addresses are compared without case, phone numbers by their digits.
        key: `Keys.pseudonyms`.
    """
    return hmac.new(key, f"{kind}:{normal_form(kind, value)}".encode(), hashlib.sha256).hexdigest()[:32]


def is_pseudonym(text: str) -> bool:
    """Return whether a text has the form of a pseudonym."""
    return _PSEUDONYM.fullmatch(text) is not None


def normal_form(kind: str, value: str) -> str:
    """Return what of an identifier is compared."""
    text = value.strip()
    if kind == "phone":
        digits = "".join(character for character in text if character.isdigit())
        return f"+{digits.removeprefix('00')}" if text.startswith(("+", "00")) else digits
    return text.lower()


def _create(file: Path) -> None:
    """Make the file with a new secret, whole or not at all; another process may have been faster."""
    new = file.with_name(f"{file.name}.{os.getpid()}")
    write_atomically(new, secrets.token_hex(32) + "\n", mode=0o600)
    try:
        os.link(new, file)
    except FileExistsError:
        pass
    finally:
        new.unlink()
