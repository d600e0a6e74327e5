"""Presets: how the exports of a shop system or a public data set become contract tables, as yml that a user can copy and change.

A preset names files, columns and rules; `plan` turns it into staging models, as it does with what flags say.
"""

from __future__ import annotations

import dataclasses
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from dmp_assets.onboarding.decide import Said, plan_table
from dmp_assets.onboarding.guess import FIELDS
from dmp_assets.onboarding.inspection import Found, inspect
from dmp_assets.onboarding.mapping import TableMapping, validated
from dmp_assets.onboarding.plan import Plan
from dmp_assets.onboarding.presets import preset_text
from dmp_assets.onboarding.questions import Ask
from dmp_assets.onboarding.recognise import Question, Reading
from dmp_assets.platform.errors import UserError
from dmp_assets.sources.declare import resolve
from dmp_assets.sources.read import SUFFIXES, bare_suffix


class SourceFile(BaseModel):
    """A file of an export, or a table of a database, and how it is read where that cannot be found out; see `Reading`.

    In yml also its name alone.

    Attributes:
        name: of the table, or of the file without its ending; ``*`` stands for anything.
        columns: names of the columns, where no line has them.
        records, explode, flatten: of JSON.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "*"
    columns: tuple[str, ...] = ()
    records: str | None = None
    explode: tuple[str, ...] = ()
    flatten: bool = False

    @model_validator(mode="before")
    @classmethod
    def _in_short(cls, given: Any) -> Any:
        return {"name": given} if isinstance(given, str) else given

    def read_as(self, said: Reading) -> Reading:
        """Return how the file is read; what the user said comes first."""
        return dataclasses.replace(
            said,
            has_header=said.has_header and not self.columns,
            names=said.names or self.columns,
            records=said.records or self.records,
            explode=said.explode or self.explode,
            flatten=said.flatten or self.flatten,
        )


class Preset(BaseModel):
    """What a preset says.

    Attributes:
        title: whose data it is.
        export: what to export, and where.
        note: what the data cannot give.
        files: by the name that they have in `tables`; one without a name is whatever the user names.
        also: other names of columns, in other versions of the export.
        tables: how their rows become those of each contract table.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    export: str
    note: str | None = None
    files: dict[str, SourceFile] = {}
    also: dict[str, tuple[str, ...]] = {}
    tables: dict[str, TableMapping]

    @model_validator(mode="after")
    def _names_what_there_is(self) -> Preset:
        for contract, table in self.tables.items():
            if contract not in FIELDS:
                raise ValueError(f"{contract} is no contract table; there are {', '.join(FIELDS)}")
            for name in table.fields:
                if name not in FIELDS[contract]:
                    raise ValueError(f"{contract} has no field {name}; there are {', '.join(FIELDS[contract])}")
            summed = [name for name, origin in table.fields.items() if origin.is_summed]
            if summed and not ("order_id" in table.fields and table.fields["order_id"].columns):
                raise ValueError(f"{contract}: {summed[0]} is summed over an order, so order_id needs a column")
            for file in (table.file, *table.join):
                if file is not None and file not in self.files:
                    raise ValueError(f"{contract}: there is no file {file} under files")
            if table.file is None and len(self.files) > 1:
                raise ValueError(f"{contract}: say under from which of the files has its rows")
        return self


def load_preset(name: str) -> Preset:
    """Return a preset: one that comes with the platform, or a file of the user's.

    Raises:
        UserError: there is none, or it is wrong; the message names the entry.
    """
    if not name.endswith((".yml", ".yaml")):
        text = preset_text(name)
    else:
        try:
            text = Path(name).expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"--like: {name} cannot be read ({error}).") from None
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"--like: {name} is no yml ({' '.join(str(error).split())}).") from None
    preset = validated(Preset, content, f"--like {name}")
    tables = {
        contract: table.model_copy(update={"also": {**preset.also, **table.also}})
        for contract, table in preset.tables.items()
    }
    return preset.model_copy(update={"tables": tables})


def files_at(
    location: str,
    preset: Preset,
    reading: Reading | None = None,
    *,
    table: str | None = None,
    ask: Question | None = None,
) -> dict[str, Found]:
    """Return what is found of a preset's files, by their name in it.

    Args:
        location: of the one file, where the preset has one; else of their folder, of one of them, or of the database.
        preset: names them.
        reading: what the user said of how files are read.
        table: of a database, where the preset has one file.
        ask: for what is open of how files are read; None if nobody can be asked.

    Raises:
        UserError: none of them is there, or one cannot be read.
    """
    reading = reading or Reading()
    resolved = resolve(location)
    if len(preset.files) <= 1:
        name, file = next(iter(preset.files.items()), (next(iter(preset.tables)), SourceFile()))
        (found,) = inspect(location, file.read_as(reading), table=table, ask=ask)
        return {name: dataclasses.replace(found, name=name)}
    places = {}
    for name, file in preset.files.items():
        is_database = "://" in resolved
        place = location if is_database else _place(location, Path(resolved), file)
        if place:
            (found,) = inspect(place, file.read_as(reading), table=file.name if is_database else None, ask=ask)
            places[name] = dataclasses.replace(found, name=name)
    if not places:
        expected = ", ".join(file.name for file in preset.files.values())
        raise UserError(
            f"{location}: there is no file of {preset.title}; expected are {expected}, each with its ending. "
            f"{preset.note or preset.export}"
        )
    return places


def planned(
    source: str,
    location: str,
    like: str,
    said: Said,
    reading: Reading,
    *,
    table: str | None = None,
    ask: Ask | None = None,
) -> tuple[list[Plan], list[str]]:
    """Return the plans for the contract tables that a preset finds at a place, and what else there is to say.

    What the user said of columns and rows holds for the order lines, or for the table that `said` names.

    Raises:
        UserError: a table that was asked for cannot be made of what is there, or as `plan_table`.
    """
    preset = load_preset(like)
    found = files_at(location, preset, reading, table=table, ask=ask)
    wanted = [said.contract] if said.contract else list(preset.tables)
    if said.contract and said.contract not in preset.tables:
        raise UserError(f"--like {like} has no {said.contract}; it has {', '.join(preset.tables)}. {preset.note or ''}")
    main = said.contract or ("order_lines" if "order_lines" in preset.tables else wanted[0])
    plans, notes = (
        [],
        [*([preset.note] if preset.note else []), *(note for each in found.values() for note in each.notes)],
    )
    for contract in wanted:
        mapping = preset.tables[contract]
        file = mapping.file or next(iter(found))
        if file not in found:
            notes.append(f"{contract} is left out: there is no file {preset.files[file].name}.")
            continue
        of_table = said if contract == main else Said(
            namespace=said.namespace, time_zone=said.time_zone, keep=said.keep
        )  # fmt: skip
        of_table = dataclasses.replace(
            of_table, contract=contract, preset=like, declared=mapping.with_said(of_table.declared)
        )
        joined = {name: found[name] for name in mapping.join if name in found}
        plan = plan_table(source, found[file], of_table, ask, joined)
        plans.append(plan)
        notes += [f"{contract}: not used is {each}" for each in plan.left_out]
    if not plans:
        raise UserError(f"{location}: {' '.join(notes)}")
    return plans, notes


def _place(location: str, path: Path, file: SourceFile) -> str | None:
    """Return where a file is: the location itself if it is that file, or in that folder."""
    if path.is_file():
        return location if _is_named(path, file) else None
    found = sorted(each.name for each in path.glob("*") if each.is_file() and _is_named(each, file))
    if not found:
        return None
    return f"{location.rstrip('/')}/{found[0] if len(found) == 1 else f'{file.name}{Path(found[0]).suffix}'}"


def _is_named(path: Path, file: SourceFile) -> bool:
    known = {end for ends in SUFFIXES.values() for end in ends}
    return bare_suffix(path) in known and fnmatch(path.name.lower(), f"{file.name.lower()}.*")
