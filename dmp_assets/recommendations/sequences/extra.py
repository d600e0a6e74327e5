"""The optional extra `deep`: whether it is there, and what to do where it is not."""

from __future__ import annotations

from importlib.util import find_spec

from dmp_assets.platform.errors import UserError

HOW_TO_INSTALL = (
    "The sequence models need PyTorch, which the optional extra `deep` brings: `make deep`, or "
    "`pip install 'ai-dmp[deep]'`, and build again."
)


def is_installed() -> bool:
    """Return whether PyTorch is there, without loading it."""
    return find_spec("torch") is not None


def require() -> None:
    """Do nothing where PyTorch is there.

    Raises:
        UserError: it is not; the message says how to get it.
    """
    if not is_installed():
        raise UserError(HOW_TO_INSTALL)
