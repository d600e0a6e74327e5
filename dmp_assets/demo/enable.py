"""Make the demo a source of a project."""

from __future__ import annotations

from pathlib import Path

from dmp_assets.dbt.project_file import ProjectFile
from dmp_assets.demo.complete_journey import SOURCE, data_folder
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.project import PACKAGE_DIR
from dmp_assets.sources.declare import staging_folder

CURRENCY = "USD"
TIME_ZONE = "America/New_York"


def enable_demo(project: ProjectFile, files: Path | None) -> bool:
    """List the demo among a project's sources, with its currency and time zone; return whether it was not listed before.

    Args:
        project: whose file is written.
        files: the folder with the demo's Parquet files; None for those of the installed data package.

    Raises:
        UserError: the project has orders of another source, or the data is not there; nothing is changed.
    """
    data_folder(files)
    if SOURCE in project.sources:
        return False
    others = [name for name, tables in project.sources.items() if "order_lines" in tables]
    if others:
        raise UserError(
            f"{project.path} has the orders of {', '.join(others)}, and the demo's would mix with them: make a project for it with "
            "`dmp init my-demo`."
        )
    model = f"stg_{SOURCE}__"
    for file in sorted(staging_folder(PACKAGE_DIR, SOURCE).glob(f"{model}*.sql")):
        project.list_table(SOURCE, file.stem.removeprefix(model))
    project.set_currency(CURRENCY)
    project.set_time_zones(TIME_ZONE)
    project.write()
    return True
