"""Which sources the platform unites, and how each is loaded: what the dbt project says of them.

A source is listed with its contract tables in the var ``sources`` of ``dbt_project.yml``. Where a raw table comes from stands
beside its columns, as ``config.meta.load`` of the dbt source in ``models/staging/<source>/``: a `LoadRule`.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.files import read_yaml
from dmp_assets.platform.settings import Settings, project_variables
from dmp_assets.platform.warehouse import quoted

RAW = "raw"
LOAD_COLUMNS = {"_load_id": "VARCHAR", "_loaded_at": "TIMESTAMP"}
"""By which load a row of a raw table came."""

PLACE_COLUMNS = {"_file": "VARCHAR", "_row": "BIGINT", **LOAD_COLUMNS}
"""Where a row of a source's raw table comes from."""

FileFormat = Literal["csv", "jsonl", "json", "xlsx", "parquet"]

_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))")
_PACKAGE = "package:"
_JINJA = re.compile(r"\{[{%#]")
_HARMLESS = re.compile(r"\{\{ '(.*)' \}\}", re.DOTALL)


class LoadRule(BaseModel):
    """Where a raw table comes from and how it is read; the ``load`` entry of a dbt source table.

    Attributes:
        location: file, folder, pattern such as ``/data/*.csv``, SQLAlchemy URL or web address; see `resolve`. A relative path in a
            project's declaration begins in the project's folder.
        format: how to read it; ``jsonl`` is one JSON object to a line, ``json`` one document.
        contract: the contract table that it maps to.
        encoding: of a text file, by Python's name.
        delimiter, quote: of a CSV file.
        sheet: of a workbook, or several by a pattern such as ``Year *``; the first one if it is not said.
        skip: lines of a CSV file, or rows of a sheet, before the one that names the columns, or with `names` before the first row.
        names: of the columns, where no line of the file has them.
        records, explode, flatten: where the rows of JSON are, which of their lists give rows, and whether objects in them become
            columns; see `documents`.
        table: table or view of a database, ``table`` or ``schema.table``.
        cursor: column of a database table that only grows, such as the time of the last change; only rows from its highest value
            on are read, and of those with that value the ones that are new. Without one, the table is read whole each time.
        deleted_at: column with a value in rows that are deleted, such as the time; they and the earlier rows of their key are
            withdrawn.
        keep: what becomes of the rows that a changed file had before: ``append`` keeps them, and staging takes the newest row of
            each key; ``replace`` takes the file for a full copy. If it is not said, they are kept and what that leaves open is
            told.
        columns: what becomes of columns that are not as declared: ``arriving`` takes them on and tells, ``declared`` refuses the
            file.
        sample: SQL condition under which a row belongs to a sample, with ``{percent}`` for its size (``DMP_SAMPLE_PERCENT``) and
            ``{folder}`` for the file's folder; without one, the table is always whole.
        redirects: hosts beside its own to which a web address may lead on.
        customer: the column that names the customer, for the vault.
        identifiers: columns with direct identifiers and the kind of each; they go to the vault.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    location: str = Field(min_length=1)
    format: FileFormat | Literal["database", "web"]
    contract: str
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    sheet: str | None = None
    skip: int = Field(default=0, ge=0)
    names: list[str] = []
    records: str | None = None
    explode: list[str] = []
    flatten: bool = False
    table: str | None = None
    cursor: str | None = None
    deleted_at: str | None = None
    keep: Literal["append", "replace"] | None = None
    columns: Literal["arriving", "declared"] = "arriving"
    sample: str | None = None
    redirects: list[str] = []
    customer: str | None = None
    identifiers: dict[str, str] = {}

    @property
    def file_format(self) -> FileFormat | None:
        """The format of the files; None if the rows come over a connection."""
        return None if self.format in ("database", "web") else self.format

    def resolved_location(self) -> str:
        """Return the location as it is on this machine; see `resolve`."""
        return resolve(self.location)


@dataclass(frozen=True)
class DeclaredTable:
    """A raw table that the dbt project declares.

    Attributes:
        source, name: of the dbt source and its table.
        description: what one row is.
        columns: each column with its DuckDB type, as declared; those of the load are left out.
        rule: how it is loaded.
        descriptions: what each column holds, as declared.
        mapping: how its rows become those of the contract table, as the project's declaration has it; empty if that does not say.
    """

    source: str
    name: str
    description: str
    columns: Mapping[str, str]
    rule: LoadRule
    descriptions: Mapping[str, str] = field(default_factory=dict)
    mapping: Mapping[str, Any] = field(default_factory=dict)

    @property
    def raw_name(self) -> str:
        """Name of the table in the raw layer."""
        return f"{self.source}__{self.name}"

    @property
    def fields(self) -> dict[str, tuple[str, ...]]:
        """Those of its columns that give each field of the contract table."""
        return {
            field: columns
            for field, origin in self.mapping.get("fields", {}).items()
            if (columns := tuple(column for column in _columns_of(origin) if column in self.columns))
        }

    @property
    def relation(self) -> str:
        """The table as SQL."""
        return f"{RAW}.{quoted(self.raw_name)}"


def _columns_of(origin: Any) -> list[str]:
    """Return the columns that a mapping names for a field."""
    match origin:
        case str():
            return [origin]
        case list():
            return origin
        case {"all": list() as columns}:
            return columns
        case {"date": str() as column}:
            return [column]
    return []


def resolve(location: str) -> str:
    """Return a location as it is on this machine.

    ``${NAME}`` stands for an environment variable, so that no password is written down, and ``${NAME:-other}`` for `other` where it
    is not set; a location that begins with ``package:name/`` lies in an installed Python package.

    Raises:
        UserError: a variable is not set, or the package is not installed.
    """

    def value(match: re.Match[str]) -> str:
        name, default = match[1] or match[3], match[2]
        found = os.environ.get(name) or default
        if found is None:
            raise UserError(f"The environment variable {name} is not set: the location {location} needs it.")
        return found

    resolved = _VARIABLE.sub(value, location)
    if not resolved.startswith(_PACKAGE):
        return resolved
    name, _, rest = resolved.removeprefix(_PACKAGE).partition("/")
    package = importlib.util.find_spec(name)
    if package is None or package.origin is None:
        raise UserError(
            f"The Python package {name} is not installed: the location {location} needs it. Install it with "
            f"`pip install {name}`, or change the location."
        )
    return str(Path(package.origin).parent / rest)


def within_project(location: str, project_dir: Path) -> str:
    """Return a location as a project's declaration has it: below the project's folder relative to it, so that both can move."""
    if not _is_path(location):
        return location
    path = Path(location).expanduser().resolve()
    return path.relative_to(project_dir).as_posix() if path.is_relative_to(project_dir) else location


def _from_project(location: str, project_dir: Path) -> str:
    """Return the location that a project's declaration names."""
    return str(project_dir / location) if _is_path(location) else location


def _is_path(location: str) -> bool:
    return "://" not in location and not location.startswith(("$", "~", _PACKAGE))


def harmless(value: Any) -> Any:
    """Return what a declaration says, so that dbt, which looks for Jinja in yml files, reads every text in it as it is."""
    if isinstance(value, dict):
        return {harmless(key): harmless(each) for key, each in value.items()}
    if isinstance(value, list):
        return [harmless(each) for each in value]
    if not (isinstance(value, str) and _JINJA.search(value)):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{{{{ '{escaped}' }}}}"


def _as_meant(value: Any) -> Any:
    """Return what a declaration says before `harmless` wrote it."""
    if isinstance(value, dict):
        return {_as_meant(key): _as_meant(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_meant(each) for each in value]
    match = _HARMLESS.fullmatch(value) if isinstance(value, str) else None
    return re.sub(r"\\(.)", r"\1", match[1], flags=re.DOTALL) if match else value


def listed_sources(settings: Settings) -> dict[str, list[str]]:
    """Return the contract tables of each source that ``dbt_project.yml`` lists."""
    return project_variables(settings)["sources"] or {}


def staging_folder(project_dir: Path, source: str) -> Path:
    """Return the folder with everything of a source."""
    return project_dir / "models" / "staging" / source


@cache
def declared_tables(settings: Settings) -> tuple[DeclaredTable, ...]:
    """Return every raw table that a listed source declares with a rule to load it, in the project or in the platform's own.

    Raises:
        UserError: a declaration is wrong; the message names file, table and entry.
    """
    return tuple(
        table
        for source in listed_sources(settings)
        for folder in settings.dbt_folders
        for table in source_tables(folder, source)
    )


def source_tables(project_dir: Path, source: str) -> list[DeclaredTable]:
    """Return every raw table that a source declares with a rule to load it, listed or not.

    Raises:
        UserError: as `declared_tables`.
    """
    files = sorted(staging_folder(project_dir, source).glob("*.yml"))
    return [table for file in files for table in _tables_in(file, project_dir)]


def source_mappings(project_dir: Path, source: str) -> dict[str, dict[str, Any]]:
    """Return how rows become those of each contract table that a source declares a mapping for, as its yml files have it.

    ``from`` of a mapping is the raw table that has the rows.
    """
    found = {}
    for file in sorted(staging_folder(project_dir, source).glob("*.yml")):
        for model, mapping in _mappings_in(_content(file)).items():
            found[model.removeprefix(f"stg_{source}__")] = mapping
    return found


def declared_table(settings: Settings, source: str, name: str) -> DeclaredTable:
    """Return a declared table by its names.

    Raises:
        UserError: there is none.
    """
    tables = declared_tables(settings)
    for table in tables:
        if (table.source, table.name) == (source, name):
            return table
    known = ", ".join(f"{table.source} {table.name}" for table in tables) or "none"
    raise UserError(f"There is no table {name} of a source {source}; declared are: {known}.")


def _content(file: Path) -> dict[str, Any]:
    return read_yaml(file) or {}


def _mappings_in(content: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the mapping of each staging model that declares one."""
    mappings = {
        model["name"]: _as_meant(model.get("config", {}).get("meta", {}).get("mapping"))
        for model in content.get("models", [])
    }
    return {model: mapping for model, mapping in mappings.items() if mapping}


def _tables_in(file: Path, project_dir: Path) -> Iterator[DeclaredTable]:
    content = _content(file)
    mappings = {mapping["from"]: mapping for mapping in _mappings_in(content).values()}
    for source in content.get("sources", []):
        for table in source.get("tables", []):
            load = table.get("config", {}).get("meta", {}).get("load")
            if load is not None:
                columns = {
                    _as_meant(column["name"]): column
                    for column in table.get("columns", [])
                    if column["name"] not in PLACE_COLUMNS
                }
                yield DeclaredTable(
                    source["name"],
                    _as_meant(table["name"]),
                    table.get("description", ""),
                    {name: _duckdb_type(column.get("data_type", "string")) for name, column in columns.items()},
                    _rule(_as_meant(load), project_dir, f"{file}, table {table['name']}"),
                    {name: column.get("description", "") for name, column in columns.items()},
                    mappings.get(_as_meant(table["name"]), {}),
                )


def _rule(load: dict[str, Any], project_dir: Path, where: str) -> LoadRule:
    try:
        rule = LoadRule(**load)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise UserError(f"{where}: the entry load is wrong ({wrong}).") from None
    return rule.model_copy(update={"location": _from_project(rule.location, project_dir)})


def _duckdb_type(data_type: str) -> str:
    return "VARCHAR" if data_type == "string" else data_type.upper()
