"""Make the demo a source of a project."""

from __future__ import annotations

from pathlib import Path

from dmp_assets.dbt.project_file import ProjectFile
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.files import write_atomically
from dmp_assets.platform.project import PACKAGE_DIR, TEMPLATES_DIR
from dmp_assets.sources.declare import source_tables
from dmp_assets.sources.read import files_of

SOURCE = "complete_journey"
CURRENCY = "USD"
TIME_ZONE = "America/New_York"
_EXCLUSIONS = "rules/exclusions.yml"


def enable_demo(project: ProjectFile) -> bool:
    """List the demo among a project's sources, with its currency and time zone; return whether it was not listed before.

    A project that excludes nothing from recommendations yet gets the demo's exclusions.

    Args:
        project: whose file is written.

    Raises:
        UserError: the project has orders of another source, or the data is not there; nothing is changed.
    """
    tables = source_tables(PACKAGE_DIR, SOURCE)
    for table in tables:
        files_of(table.rule)
    if SOURCE in project.sources:
        return False
    others = [name for name, tables in project.sources.items() if "order_lines" in tables]
    if others:
        raise UserError(
            f"{project.path} has the orders of {', '.join(others)}, and the demo's would mix with them: make a project for it with "
            "`dmp init my-demo`."
        )
    for contract in sorted(table.rule.contract for table in tables):
        project.list_table(SOURCE, contract)
    project.set_currency(CURRENCY)
    project.set_time_zones(TIME_ZONE)
    project.write()
    exclusions = project.path.parent / _EXCLUSIONS
    if exclusions.exists() and exclusions.read_bytes() == (TEMPLATES_DIR / _EXCLUSIONS).read_bytes():
        write_atomically(exclusions, Path(__file__).with_name("exclusions.yml").read_text(encoding="utf-8"))
    return True
