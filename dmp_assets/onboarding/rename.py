"""Give a source another name, with all that it has: its files, its place in the project, raw tables, loads, identifiers.

What stands before its ids (its namespace) stays, so that its customers, products and orders are the same as before. A renaming that
was broken off is brought to its end by the same command: the project's list changes last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from dmp_assets.dbt.project_file import ProjectFile, edited_yaml
from dmp_assets.onboarding.plan import check_name
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse, has_table, quoted
from dmp_assets.privacy.keys import read_keys
from dmp_assets.privacy.vault import rename_source as rename_in_vault
from dmp_assets.sources.declare import RAW, staging_folder


def rename_source(warehouse: Warehouse, settings: Settings, old: str, new: str) -> list[str]:
    """Rename a source of the user's own and return what changed, in words.

    Raises:
        UserError: there is no such source, or the new name is taken or not accepted; nothing is changed.
    """
    project = ProjectFile(settings.dbt_project_dir)
    check_name(old)
    check_name(new)
    if old not in project.sources:
        raise UserError(f"There is no source {old} in the list; there are {', '.join(project.sources)}.")
    folders = staging_folder(settings.dbt_project_dir, old), staging_folder(settings.dbt_project_dir, new)
    if new in project.sources or all(folder.exists() for folder in folders):
        raise UserError(f"There is a source {new} already, or a folder {folders[1]}: give another name.")
    changed = []
    if Path(warehouse.database).exists():
        with warehouse.write() as connection:
            changed += _rename_tables(connection, old, new)
    if settings.vault_path.exists():
        rename_in_vault(settings, read_keys(settings), old, new)
    changed += _rename_files(settings.dbt_project_dir, old, new)
    project.rename(old, new)
    project.write()
    return [*changed, f"{new} in {project.path}"]


def _rename_tables(connection: duckdb.DuckDBPyConnection, old: str, new: str) -> Iterator[str]:
    """Rename the raw tables of a source and what is recorded of them, in the caller's transaction."""
    prefix = f"{old}__"
    names = connection.execute(
        "select table_name from duckdb_tables() where schema_name = ? and starts_with(table_name, ?)", [RAW, prefix]
    ).fetchall()
    for (name,) in names:
        renamed = f"{new}__{name.removeprefix(prefix)}"
        connection.execute(f"alter table {RAW}.{quoted(name)} rename to {quoted(renamed)}")
        yield f"{RAW}.{renamed}"
    renamed = f"'{new}__' || substr(table_name, {len(prefix) + 1})"
    for table, of_source, values in (
        ("_loads", "source = ?", f"source = '{new}', table_name = {renamed}"),
        ("rejected_lines", "source = ?", f"source = '{new}'"),
        ("_replaced_rows", "starts_with(table_name, ? || '__')", f"table_name = {renamed}"),
    ):
        if has_table(connection, f"{RAW}.{table}"):
            connection.execute(f"update {RAW}.{table} set {values} where {of_source}", [old])
    # The next build makes the views of the new name.
    views = connection.execute(
        "select view_name from duckdb_views() where schema_name = 'staging' and starts_with(view_name, ?)",
        [f"stg_{prefix}"],
    ).fetchall()
    for (view,) in views:
        connection.execute(f"drop view staging.{quoted(view)}")


def _rename_files(project_dir: Path, old: str, new: str) -> Iterator[str]:
    """Rename a source's folder and files, and every mention of it in the project's SQL."""
    folder, renamed = staging_folder(project_dir, old), staging_folder(project_dir, new)
    for file in sorted(path for name in ("models", "tests", "macros") for path in (project_dir / name).rglob("*.sql")):
        text = file.read_text(encoding="utf-8")
        if (changed := _renamed_sql(text, old, new)) != text:
            file.write_text(changed, encoding="utf-8")
            yield str(file if not file.is_relative_to(folder) else renamed / _renamed(file.name, old, new))
    if not folder.exists():
        return
    for file in sorted(folder.glob("*.yml")):
        text = edited_yaml(file.read_text(encoding="utf-8"), lambda content: _rename_declared(content, old, new))
        file.write_text(text, encoding="utf-8")
    for file in sorted(folder.iterdir()):
        file.rename(file.with_name(_renamed(file.name, old, new)))
    folder.rename(renamed)
    yield from map(str, sorted(renamed.glob("*.yml")))


def _renamed(name: str, old: str, new: str) -> str:
    """Return the name of a file, model or test with that of its source changed."""
    return re.sub(rf"^(_?stg_|raw_|_?){old}__", rf"\g<1>{new}__", name)


def _renamed_sql(text: str, old: str, new: str) -> str:
    for before, after in (
        (rf"source\((['\"]){old}\1", rf"source(\g<1>{new}\g<1>"),
        (rf"\bstg_{old}__", f"stg_{new}__"),
        (rf"(['\"]){old}\1 in var\(", rf"\g<1>{new}\g<1> in var("),
        (rf"'{old}' as source\b", f"'{new}' as source"),
    ):
        text = re.sub(before, after, text)
    return text


def _rename_declared(content: Any, old: str, new: str) -> None:
    """Change the declaration of a source's raw tables and staging models."""
    for source in content.get("sources", []):
        if source["name"] != old:
            continue
        source["name"] = new
        enabled = source.get("config", {}).get("enabled")
        if isinstance(enabled, str):
            source["config"]["enabled"] = type(enabled)(_renamed_sql(enabled, old, new))
        for table in source.get("tables", []):
            asset_key = table.get("config", {}).get("meta", {}).get("dagster", {}).get("asset_key")
            for holder, place in ((table, "identifier"), (asset_key, -1)):
                if holder:
                    name = holder[place]
                    holder[place] = type(name)(re.sub(rf"\b{old}__", f"{new}__", name, count=1))
    for model in content.get("models", []):
        mapping = model.get("config", {}).get("meta", {}).get("mapping")
        if mapping:  # so that its orders have the same ids when it is mapped anew
            mapping.setdefault("own_namespace", old)
    for entry in _named(content):
        entry["name"] = _renamed(entry["name"], old, new)


def _named(content: dict) -> Iterator[dict]:
    """Yield what has a name that begins with that of its source: models, and the tests of tables."""
    yield from content.get("models", [])
    for source in content.get("sources", []):
        for table in source.get("tables", []):
            for test in table.get("data_tests", []):
                yield from (each for each in test.values() if isinstance(each, dict) and "name" in each)
