"""Decide how a user's table maps to a contract table: from what was found, what the user said, and what they are asked.

Nothing is guessed that changes numbers: a currency, a time zone, a date that could be read in two ways or a number whose decimal
mark is open must be said.
"""

from __future__ import annotations

import re
import shutil
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dmp_assets.dbt import contract_tables
from dmp_assets.dbt.project_file import ProjectFile
from dmp_assets.onboarding import scaffold
from dmp_assets.onboarding.guess import (
    FIELDS,
    guess_contract,
    guess_identifiers,
    guess_mapping,
    missing_fields,
    plain,
)
from dmp_assets.onboarding.inspection import Column, Found
from dmp_assets.onboarding.scaffold import Plan
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse, literal, quoted
from dmp_assets.privacy.keys import read_keys
from dmp_assets.privacy.vault import forget_source
from dmp_assets.sources.declare import staging_folder
from dmp_assets.sources.extract import extraction_folder

Ask = Callable[[str, Sequence[str]], str]
"""Puts a question with the possible answers (none: any text) and returns the answer."""

PACKAGED = ("complete_journey", "collector", "landing")
"""Sources that come with the platform."""

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


@dataclass(frozen=True)
class Said:
    """What the user said of a table; everything is optional.

    Attributes:
        contract: the contract table.
        mapping: column by field of the contract table.
        identifiers: kind of direct identifier by column.
        namespace: what stands before ids, if not the source's name.
        currency: ISO 4217 code of the amounts.
        exchange_rate: what one unit of it is worth in the platform's currency.
        time_zone: IANA time zone of the times and of the stores.
        time_format: how times are written, as strptime has it.
        decimal_mark: of the numbers.
        cursor: column of a database table that only grows.
        is_full_copy: whether a changed file replaces its earlier rows.
    """

    contract: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    identifiers: Mapping[str, str] = field(default_factory=dict)
    namespace: str | None = None
    currency: str | None = None
    exchange_rate: float | None = None
    time_zone: str | None = None
    time_format: str | None = None
    decimal_mark: str | None = None
    cursor: str | None = None
    is_full_copy: bool = False


def plan_table(source: str, found: Found, said: Said, ask: Ask | None) -> Plan:
    """Return the plan for one table.

    Args:
        source: its name.
        found: what is at the place.
        said: what the user said.
        ask: for what is open; None if nobody can be asked.

    Raises:
        UserError: something is open and nobody can be asked, or what was said does not fit what was found.
    """
    if not _NAME.fullmatch(source) or source in PACKAGED:
        raise UserError(
            f"The name {source!r} is not accepted for a source: use lower-case letters, digits and single _ ."
        )
    columns = {column.name: column for column in found.columns}
    contract = _chosen(
        said.contract or guess_contract(columns),
        list(FIELDS),
        _Question(f"Which contract table does {found.name} map to?", "--as"),
        ask,
    )
    if said.cursor and said.cursor not in columns:
        raise UserError(f"--cursor: there is no column {said.cursor}; there are {', '.join(columns)}.")
    mapping = _mapping(contract, columns, said, ask)
    kinds = {field: column.kind for field, column in FIELDS[contract].items()}
    identifiers = guess_identifiers(columns) | dict(said.identifiers)
    _check_identifiers(identifiers, columns)
    time_formats = {
        mapping[name]: _time_format(columns[mapping[name]], said, ask)
        for name, kind in kinds.items()
        if kind in ("time", "date") and name in mapping
    }
    decimal_marks = {
        mapping[name]: _chosen(
            said.decimal_mark or _only(columns[mapping[name]].decimal_marks),
            [".", ","],
            _Question(
                f"Which is the decimal mark of {mapping[name]} ({', '.join(columns[mapping[name]].examples)})?",
                "--decimal",
            ),
            ask,
        )
        for name, kind in kinds.items()
        if kind in ("amount", "quantity") and name in mapping
    }
    is_order = contract == "order_lines"
    needs_zone = is_order or any(
        kinds[name] == "time" and time_formats[column] not in ("offset", "epoch", "epoch_ms")
        for name, column in mapping.items()
    )
    time_zone = _time_zone(said.time_zone, ask) if needs_zone else "UTC"
    currency = None
    if is_order and "currency" not in mapping:
        currency = _currency(said.currency, ask)
    rule = found.rule.model_copy(
        update={
            "contract": contract,
            "customer": mapping.get("customer_id"),
            "identifiers": identifiers,
            "cursor": said.cursor,
            # What is found in a database or web service is a full copy, unless it is read from a cursor on.
            "keep": "append" if said.cursor else "replace" if said.is_full_copy else found.rule.keep,
        }
    )
    table = found.name if found.rule.format == "database" else contract
    return Plan(
        source,
        said.namespace or source,
        table,
        rule,
        tuple(_landed(column, identifiers) for column in found.columns),
        mapping,
        time_formats,
        decimal_marks,
        currency,
        time_zone,
    )


def change_project(project: ProjectFile, plan: Plan, exchange_rate: float | None, ask: Ask | None) -> list[str]:
    """List a plan's table in the dbt project, with what its currency and time zone need; return what changed, in words.

    The first source of orders gives the platform its currency and time zone.

    Raises:
        UserError: the currency needs an exchange rate and nobody can be asked.
    """
    others = [name for name, tables in project.sources.items() if "order_lines" in tables and name != plan.source]
    project.list_table(plan.source, plan.contract)
    changes = [f"sources: {plan.source} has {plan.contract}"]
    if plan.contract != "order_lines":
        return changes
    if others:
        project.add_time_zone(plan.time_zone)
        changes.append(f"time_zones: {plan.time_zone} is one")
    else:
        project.set_time_zones(plan.time_zone)
        changes.append(f"time_zones, event_time_zone: {plan.time_zone}")
    if plan.currency and not others:
        project.set_currency(plan.currency)
        changes.append(f"currency: {plan.currency}")
    elif plan.currency and not project.has_rate(plan.currency):
        question = _Question(f"How many {project.currency} is one {plan.currency} worth?", "--exchange-rate")
        rate = _number(_chosen(str(exchange_rate) if exchange_rate is not None else None, (), question, ask))
        project.set_rate(plan.currency, rate)
        changes.append(f"exchange_rates: one {plan.currency} is {rate} {project.currency}")
    return changes


def write_source(project: ProjectFile, plans: Sequence[Plan]) -> list[Path]:
    """Write the files of the plans and the changed project, and return their paths.

    Raises:
        UserError: a file is there already; nothing is written.
    """
    folder = project.path.parent
    texts = {
        staging_folder(folder, plan.source) / name: text
        for plan in plans
        for name, text in scaffold.files(plan, folder).items()
    }
    present = [str(path) for path in texts if path.exists()]
    if present:
        raise UserError(
            f"{', '.join(present)}: already there and yours. Edit it, or remove the source first with `dmp remove-source`; "
            "nothing was written."
        )
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    # Last: only now are the files read.
    project.write()
    return [*texts, project.path]


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
        shutil.rmtree(extraction_folder(settings, source), ignore_errors=True)
        folder = staging_folder(settings.dbt_project_dir, source)
        shutil.rmtree(folder, ignore_errors=True)
        removed.append(str(folder))
    project.unlist(source)
    project.write()
    return [*removed, f"{source} in {project.path}"]


@dataclass(frozen=True)
class _Question:
    text: str
    flag: str


def _chosen(known: str | None, choices: Sequence[str], question: _Question, ask: Ask | None) -> str:
    answer = known
    if answer is None:
        if ask is None:
            options = f" (one of {', '.join(choices)})" if choices else ""
            raise UserError(f"{question.text} Say it with {question.flag}{options}.")
        answer = ask(question.text, choices)
    if choices and answer not in choices:
        raise UserError(f"{question.text} {answer!r} is none of {', '.join(choices)}.")
    return answer


def _mapping(contract: str, columns: Mapping[str, Column], said: Said, ask: Ask | None) -> dict[str, str]:
    names = list(FIELDS[contract])
    for name, column in said.mapping.items():
        if name not in names:
            raise UserError(f"--map: {contract} has no field {name}; there are {', '.join(names)}.")
        if column not in columns:
            raise UserError(f"--map: there is no column {column}; there are {', '.join(columns)}.")
    taken = set(said.mapping.values())
    guessed = guess_mapping(contract, [column for column in columns if column not in taken])
    mapping = guessed | dict(said.mapping)
    if contract == "order_lines":
        mapping |= _line_id(columns, mapping, said)
    for name in missing_fields(contract, mapping):
        question = _Question(f"Which column holds {name} of {contract}?", f"--map {name}=COLUMN")
        mapping[name] = _chosen(None, list(columns), question, ask)
    return mapping


def _line_id(columns: Mapping[str, Column], mapping: Mapping[str, str], said: Said) -> dict[str, str]:
    """Return the column that tells order lines apart, if there is one; rows with the same value would be one line."""
    column = mapping.get("order_line_id")
    if column is None:
        free = [name for name in columns if plain(name) == "id" and name not in mapping.values()]
        if free and columns[free[0]].is_unique:
            return {"order_line_id": free[0]}
        if said.cursor and "order_id" not in mapping:
            raise UserError(
                "With --cursor a row that has changed comes again and would count twice: name the column that tells order lines "
                "apart with --map order_line_id=COLUMN, or the order with --map order_id=COLUMN."
            )
        return {}
    if not columns[column].is_unique:
        raise UserError(
            f"--map: {column} repeats or is missing in some rows, so it cannot be order_line_id. Name another column, or none: "
            "lines are then told apart by their values."
        )
    return {}


def _check_identifiers(identifiers: Mapping[str, str], columns: Mapping[str, Column]) -> None:
    kinds = contract_tables.contract().direct_identifiers
    for column, kind in identifiers.items():
        if column not in columns:
            raise UserError(f"--identifier: there is no column {column}; there are {', '.join(columns)}.")
        if kind not in kinds:
            raise UserError(f"--identifier: {kind} is no kind of identifier; there are {', '.join(kinds)}.")


def _landed(column: Column, identifiers: Mapping[str, str]) -> Column:
    """Return a column as the raw layer has it: an identifier's holds pseudonyms."""
    if column.name not in identifiers:
        return column
    return Column(column.name, "VARCHAR", "text", examples=())


def _time_format(column: Column, said: Said, ask: Ask | None) -> str:
    examples = ", ".join(column.examples)
    if said.time_format:
        return said.time_format
    if not column.time_formats:
        question = _Question(f"How does {column.name} write times ({examples})? As strptime has it:", "--time-format")
        return _chosen(None, (), question, ask)
    question = _Question(f"{column.name} ({examples}) can be read in several ways. Which is right?", "--time-format")
    return _chosen(_only(column.time_formats), list(column.time_formats), question, ask)


def _only(choices: Sequence[str]) -> str | None:
    return choices[0] if len(choices) == 1 else None


def _time_zone(said: str | None, ask: Ask | None) -> str:
    zone = _chosen(
        said, (), _Question("In which time zone are the times and stores, such as Europe/Paris?", "--time-zone"), ask
    )
    if zone not in zoneinfo.available_timezones():
        raise UserError(f"--time-zone: {zone} is no IANA time zone, such as Europe/Paris, Asia/Shanghai or UTC.")
    return zone


def _currency(said: str | None, ask: Ask | None) -> str:
    code = _chosen(said, (), _Question("In which currency are the amounts, such as EUR?", "--currency"), ask).upper()
    if not re.fullmatch("[A-Z]{3}", code):
        raise UserError(f"--currency: {code} is no ISO 4217 code, such as EUR, USD or CNY.")
    return code


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not number > 0:
        raise UserError(f"--exchange-rate: {text} is no number above 0.")
    return number
