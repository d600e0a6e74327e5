"""The presets that come with the platform: one yml file each; see `dmp_assets.onboarding.preset`."""

from __future__ import annotations

from pathlib import Path

from dmp_assets.platform.errors import UserError

FOLDER = Path(__file__).parent


def preset_names() -> list[str]:
    """Return their names."""
    return sorted(file.stem for file in FOLDER.glob("*.yml"))


def preset_text(name: str) -> str:
    """Return the yml of one.

    Raises:
        UserError: there is none of that name.
    """
    if name not in preset_names():
        raise UserError(
            f"There is no preset {name}; there are {', '.join(preset_names())}, or a file such as ./my.yml."
        )
    return (FOLDER / f"{name}.yml").read_text(encoding="utf-8")
