"""Where things lie: the dbt project and the templates that come with the platform, and the project of the user.

A project is a folder that ``dmp init`` made: a dbt project that has the platform's as a package, with the user's rules beside it.
The checkout is a project too, whose dbt project is the platform's own.
"""

from __future__ import annotations

from pathlib import Path

from dmp_assets.platform.errors import UserError

_CODE = Path(__file__).resolve().parents[1]
PACKAGE_DIR = (_CODE / "dbt" / "package").resolve()
"""The platform's own dbt project: the folder ``dbt_project`` of the checkout, or its copy in an installed wheel."""

TEMPLATES_DIR = (_CODE / "onboarding" / "templates").resolve()
"""What ``dmp init`` copies; the folder ``templates`` of the checkout, or its copy in an installed wheel."""

PACKAGE_LINK = Path(".dmp/platform")
"""Where a project's ``packages.yml`` finds `PACKAGE_DIR`, whichever environment that is in: a link, below the project."""


def is_project(folder: Path) -> bool:
    """Return whether a folder is a dbt project that has the platform's as a package."""
    packages = folder / "packages.yml"
    is_dbt_project = (folder / "dbt_project.yml").is_file() and packages.is_file()
    return is_dbt_project and PACKAGE_LINK.as_posix() in packages.read_text(encoding="utf-8")


def find_project() -> Path:
    """Return the dbt project to work on: the nearest one from the current folder upwards, or else the checkout's.

    Raises:
        UserError: there is none.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if is_project(folder):
            return folder
    if PACKAGE_DIR.is_relative_to(_CODE):
        raise UserError(
            f"There is no project in {here} or above it: make one with `dmp init my-shop` and go there with `cd my-shop`, "
            "or name its folder in DMP_DBT_PROJECT_DIR."
        )
    return PACKAGE_DIR
