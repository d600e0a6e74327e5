"""Write a source's files into the project, or take a source away with all that is its own."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from dmp_assets.dbt.project_file import ProjectFile
from dmp_assets.onboarding import scaffold
from dmp_assets.onboarding.plan import PACKAGED, Plan
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse, literal, quoted
from dmp_assets.privacy.keys import read_keys
from dmp_assets.privacy.vault import forget_source
from dmp_assets.sources.declare import source_tables, staging_folder


def write_source(project: ProjectFile, plans: Sequence[Plan], *, replace: bool = False) -> list[Path]:
    """Write the files of the plans and the changed project, and return their paths.

    Args:
        project: where to.
        plans: of one source.
        replace: whether files that are there already are written anew; what they said stays beside them as ``<name>.before``.

    Raises:
        UserError: a file is there already and is not to be replaced; nothing is written.
    """
    folder = project.path.parent
    texts = {
        staging_folder(folder, plans[0].source) / name: text for name, text in scaffold.files(plans, folder).items()
    }
    present = [path for path in texts if path.exists()]
    if present and not replace:
        raise UserError(
            f"{', '.join(map(str, present))}: already there and yours. Edit it, say --replace to write it anew, or remove the "
            "source first with `dmp remove-source`; nothing was written."
        )
    _check_read_alike(folder, plans)
    changed = [path for path in present if path.read_text(encoding="utf-8") != texts[path]]
    kept = [path.rename(f"{path}.before") for path in changed]
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    # Last: only now are the files read.
    project.write()
    return [*texts, *kept, project.path]


def _check_read_alike(project_dir: Path, plans: Sequence[Plan]) -> None:
    """Stop if what a cursor has brought would stay as it was read before, and the vault should have had some of it."""
    before = {table.name: table.rule for table in source_tables(project_dir, plans[0].source)}
    for plan in plans:
        rule = before.get(plan.table, plan.rule)
        if rule.cursor and rule.identifiers != plan.rule.identifiers:
            others = ", ".join(rule.identifiers) or "none"
            raise UserError(
                f"{plan.table} was read up to a cursor with other identifiers ({others}), and its rows would stay as they are. "
                f"Remove {plan.source} with `dmp remove-source` and add it again; nothing was written."
            )


def remove_source(warehouse: Warehouse, settings: Settings, source: str) -> list[str]:
    """Take a source off the list with all that is its own: staging files, raw rows, identifiers; return what went, in words.

    Of a source that comes with the platform only the list changes.

    Raises:
        UserError: it is not listed.
    """
    project = ProjectFile(settings.dbt_project_dir)
    if source not in project.sources:
        raise UserError(f"There is no source {source} in the list; there are {', '.join(project.sources)}.")
    removed = []
    if source not in PACKAGED:
        if Path(warehouse.database).exists():
            with warehouse.write() as connection:
                tables = connection.execute(
                    "select table_name from duckdb_tables() where schema_name = 'raw' and starts_with(table_name, ?)",
                    [f"{source}__"],
                ).fetchall()
                for (table,) in tables:
                    connection.execute(f"drop table raw.{quoted(table)}")
                for table in ("_loads", "rejected_lines") if tables else ():
                    connection.execute(f"delete from raw.{table} where source = {literal(source)}")
                removed += [f"raw.{table}" for (table,) in tables]
        if settings.vault_path.exists():
            forget_source(settings, read_keys(settings), source)
        folder = staging_folder(settings.dbt_project_dir, source)
        shutil.rmtree(folder, ignore_errors=True)
        removed.append(str(folder))
    project.unlist(source)
    project.write()
    return [*removed, f"{source} in {project.path}"]
