"""Make a project: the few files that are the user's own, from the templates. Nothing of the platform itself is copied."""

from __future__ import annotations

import re
from pathlib import Path

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.project import TEMPLATES_DIR

_PLACEHOLDER = "my_project"
_TAKEN = ("dbt", "dmp")
"""Names of dbt's and the platform's own projects."""


def create_project(folder: Path) -> list[Path]:
    """Write a new project into a folder, which is made if it is not there, and return the paths of the files.

    Raises:
        UserError: a file is there already, the folder's name cannot be a dbt project's, or the folder cannot be written;
            nothing is overwritten.
    """
    name = project_name(folder)
    texts = {
        folder / file.relative_to(TEMPLATES_DIR): file.read_text(encoding="utf-8").replace(_PLACEHOLDER, name)
        for file in sorted(TEMPLATES_DIR.rglob("*"))
        if file.is_file()
    }
    present = [str(path) for path in texts if path.exists()]
    if present:
        raise UserError(f"{', '.join(present)}: already there. Name an empty or a new folder; nothing was written.")
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{folder} cannot be written ({error.strerror}: {error.filename}); name another folder."
        ) from None
    return list(texts)


def project_name(folder: Path) -> str:
    """Return the name of the dbt project in a folder: the folder's, with ``_`` for what a name cannot have.

    Raises:
        UserError: no name can be made of it.
    """
    name = re.sub(r"\W+", "_", folder.resolve().name.lower()).strip("_")
    if not re.match(r"[^\d\W]", name) or name in _TAKEN:
        raise UserError(
            f"A project cannot be called {folder.resolve().name!r}: its folder's name begins with a letter and is not "
            f"{' or '.join(_TAKEN)}."
        )
    return name
