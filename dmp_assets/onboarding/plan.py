"""Decide how a user's table maps to a contract table: from what was found, what the user said, and what they are asked.

Nothing is guessed that changes numbers: a currency, a time zone, a date that could be read in two ways or a number whose decimal
mark is open must be said.
"""

from __future__ import annotations

import dataclasses
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
from dmp_assets.onboarding.mapping import Join, Origin, Returned, TableMapping
from dmp_assets.onboarding.scaffold import TELLS_OFFSET, Plan, RawTable, column_name
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse, literal, quoted
from dmp_assets.privacy.keys import read_keys
from dmp_assets.privacy.vault import forget_source
from dmp_assets.sources.declare import source_tables, staging_folder
from dmp_assets.sources.extract import extraction_folder

Ask = Callable[[str, Sequence[str]], str]
"""Puts a question with the possible answers (none: any text) and returns the answer."""

PACKAGED = ("complete_journey", "collector", "landing")
"""Sources that come with the platform."""

_OF_THOUSANDTHS = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
"""Currencies whose smallest unit is a thousandth."""

_NAMESPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


@dataclass(frozen=True)
class Said:
    """What the user said of a table; everything is optional.

    Attributes:
        contract: the contract table.
        declared: how rows become those of the contract table: filters, line types and the like, and the fields of a preset.
        preset: the preset that `declared` comes from; what it names and is not there is left out and told.
        mapping: by field of the contract table, column or what else `Origin.said` reads.
        identifiers: kind of direct identifier by column.
        namespace: what stands before ids, if not the source's name.
        currency: ISO 4217 code of the amounts.
        exchange_rate: what one unit of it is worth in the platform's currency.
        rates: the same by currency and the date from which it holds.
        time_zone: IANA time zone of the times and of the stores.
        time_format: how times are written, as strptime has it.
        decimal_mark: of the numbers.
        cursor: column of a database table that only grows.
        deleted_at: column with a value in rows that are deleted.
        is_full_copy: whether a changed file replaces its earlier rows.
    """

    contract: str | None = None
    declared: TableMapping = field(default_factory=TableMapping)
    preset: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    identifiers: Mapping[str, str] = field(default_factory=dict)
    namespace: str | None = None
    currency: str | None = None
    exchange_rate: float | None = None
    rates: Mapping[tuple[str, str], float] = field(default_factory=dict)
    time_zone: str | None = None
    time_format: str | None = None
    decimal_mark: str | None = None
    cursor: str | None = None
    deleted_at: str | None = None
    is_full_copy: bool = False


def check_name(source: str) -> None:
    """Stop if a name cannot be that of a user's source.

    Raises:
        UserError: it has other letters, or is that of a source that comes with the platform.
    """
    if not _NAME.fullmatch(source) or source in PACKAGED:
        raise UserError(
            f"The name {source!r} is not accepted for a source: use lower-case letters, digits and single _ ."
        )


def plan_table(
    source: str, found: Found, said: Said, ask: Ask | None, joined: Mapping[str, Found] | None = None
) -> Plan:
    """Return the plan for one contract table.

    Args:
        source: its name.
        found: what is at the place.
        said: what the user said.
        ask: for what is open; None if nobody can be asked.
        joined: what is at the places of the files that are joined, by their name.

    Raises:
        UserError: something is open and nobody can be asked, or what was said does not fit what was found.
    """
    joined = joined or {}
    check_name(source)
    if said.namespace and not _NAMESPACE.fullmatch(said.namespace):
        raise UserError(f"--namespace: {said.namespace!r} is not accepted: use letters, digits, _ and - .")
    own = {column.name: column for column in found.columns}
    columns = own | {column_name(file, each.name): each for file, table in joined.items() for each in table.columns}
    contract = _chosen(
        said.contract or guess_contract([*own, *said.mapping]),
        list(FIELDS),
        _Question(f"Which contract table does {found.name} map to?{_nearest(own)}", "--as"),
        ask,
    )
    for flag, column in (("--cursor", said.cursor), ("--deleted-at", said.deleted_at)):
        if column and column not in own:
            raise UserError(f"{flag}: there is no column {column}; there are {', '.join(own)}.")
    declared, left_out = _found_names(said, columns, joined)
    mapping = _mapping(contract, columns, declared, said, ask)
    declared = declared.model_copy(update={"fields": mapping})
    if declared.fill_down and "order_id" not in mapping:
        raise UserError(
            "Columns are filled down within an order: say with --map order_id=COLUMN which column tells orders apart."
        )
    raw = _raw_table(
        found if said.preset or found.rule.format == "database" else dataclasses.replace(found, name=contract),
        contract, own, declared, said,
    )  # fmt: skip
    others = {
        file: _raw_table(table, contract, {each.name: columns[column_name(file, each.name)] for each in table.columns},
                         declared, said, file)
        for file, table in joined.items() if file in declared.join
    }  # fmt: skip
    formats = {
        column: _time_format(columns[column], said, ask) for column in _of_kinds(contract, declared, "time", "date")
    }
    for origin in mapping.values():
        if origin.time:
            formats[origin.columns[0]] = _with_time(formats[origin.columns[0]], columns[origin.time])
    decimal_marks = {
        column: _chosen(
            said.decimal_mark or _only(columns[column].decimal_marks) or declared.decimal_mark,
            [".", ","],
            _Question(f"Which is the decimal mark of {column} ({', '.join(columns[column].examples)})?", "--decimal"),
            ask,
        )
        for column in _of_kinds(contract, declared, "amount", "quantity")
    }
    is_order = contract == "order_lines"
    needs_zone = is_order or any(formats[each] not in TELLS_OFFSET for each in _of_kinds(contract, declared, "time"))
    time_zone = said.time_zone or declared.time_zone
    if needs_zone and (time_zone or "time_zone" not in mapping):
        time_zone = _time_zone(time_zone, ask)
    currency = base_currency = None
    if is_order and "currency" not in mapping:
        currency = _currency(said.currency or declared.currency, ask)
    elif is_order and said.currency:
        base_currency = _base_currency(said.currency, mapping["currency"], columns)
    return Plan(
        source,
        said.namespace or source,
        raw,
        declared,
        formats,
        decimal_marks,
        currency,
        time_zone,
        base_currency,
        others,
        left_out,
    )


def read_rates(given: Sequence[str]) -> tuple[float | None, dict[tuple[str, str], float]]:
    """Return the rate without a currency among those of ``--exchange-rate``, and those by currency and first date.

    Raises:
        UserError: one is no rate.
    """
    alone, rates = None, {}
    for text in given:
        form = re.fullmatch(r"(?:([A-Za-z]{3})=)?(?:(\d{4}-\d{2}-\d{2}):)?([^:=]+)", text.strip())
        if form is None or (form[2] and not form[1]):
            raise UserError(f"--exchange-rate: {text} is none of the forms 1.10, JPY=0.0065 and EUR=2025-07-01:1.20.")
        if form[1]:
            rates[form[1].upper(), form[2] or "1970-01-01"] = _number(form[3])
        else:
            alone = _number(form[3])
    return alone, rates


def set_rates(project: ProjectFile, rates: Mapping[tuple[str, str], float]) -> list[str]:
    """Set what currencies are worth from a date on; return what changed, in words."""
    for (currency, from_date), rate in rates.items():
        project.set_rate(currency, rate, from_date)
    return [
        f"exchange_rates: one {currency} is {rate} from {from_date} on" for (currency, from_date), rate in rates.items()
    ]


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
    zones, unknown_zones = _zones(plan)
    if others:
        for zone in zones:
            project.add_time_zone(zone)
        changes += [f"time_zones: {', '.join(zones)} among them"] if zones else []
    elif zones:
        project.set_time_zones(*zones)
        changes.append(f"time_zones: {', '.join(zones)}; event_time_zone: {zones[0]}")
    if unknown_zones:
        changes.append(
            f"time_zones: {', '.join(unknown_zones)} is none; such rows will be rejected (unknown_time_zone)"
        )
    if plan.currency:
        changes += _one_currency(project, plan.currency, exchange_rate, ask, is_first=not others)
    else:
        changes += _currencies_of_column(project, plan, exchange_rate, ask, is_first=not others)
    digits = _amount_digits(plan)
    if project.set_amount_digits(digits):
        changes.append(f"amount_type: amounts keep {digits} digits behind the point, as here")
    return changes


def _zones(plan: Plan) -> tuple[list[str], list[str]]:
    """Return the time zones of a plan's rows: known ones, that of the flag first, and texts that are none."""
    given = [plan.time_zone] if plan.time_zone else []
    origin = plan.mapping.get("time_zone")
    if origin:
        given += (
            [origin.value]
            if origin.value
            else [value for each in origin.columns for value in plan.columns[each].values]
        )
    known = zoneinfo.available_timezones()
    return (
        list(dict.fromkeys(zone for zone in given if zone in known)),
        [zone for zone in given if zone and zone not in known],
    )


def _one_currency(
    project: ProjectFile, currency: str, exchange_rate: float | None, ask: Ask | None, *, is_first: bool
) -> list[str]:
    if is_first:
        project.set_currency(currency)
        return [f"currency: {currency}"]
    if project.has_rate(currency):
        return []
    question = _Question(f"How many {project.currency} is one {currency} worth?", "--exchange-rate")
    rate = _number(_chosen(str(exchange_rate) if exchange_rate is not None else None, (), question, ask))
    project.set_rate(currency, rate)
    return [f"exchange_rates: one {currency} is {rate} {project.currency}"]


def _currencies_of_column(
    project: ProjectFile, plan: Plan, exchange_rate: float | None, ask: Ask | None, *, is_first: bool
) -> list[str]:
    """Settle the currencies that a column names: of the first source of orders one is the platform's."""
    found = _column_currencies(plan.mapping["currency"], plan.columns)
    if len(found) == 1:
        return _one_currency(project, found[0], exchange_rate, ask, is_first=is_first)
    if is_first and plan.base_currency:
        project.set_currency(plan.base_currency)
    elif is_first and found and project.currency not in found:
        question = _Question(f"Amounts are in {', '.join(found)}. Which is the platform's currency?", "--currency")
        project.set_currency(_chosen(None, found, question, ask))
    changes = [f"currency: {project.currency}"]
    missing = [code for code in found if not project.has_rate(code)]
    for code in missing if ask else ():
        changes += _one_currency(project, code, None, ask, is_first=False)
    if missing and not ask:
        changes.append(
            f"exchange_rates: there is none for {', '.join(missing)}; such rows will be rejected (unknown_currency) until you add "
            'it, such as EUR: {"2025-01-01": 1.10}'
        )
    return changes


def _column_currencies(origin: Origin, columns: Mapping[str, Column]) -> list[str]:
    """Return the currency codes that a field's columns have, or its constant."""
    values = [origin.value] if origin.value else [value for each in origin.columns for value in columns[each].values]
    return sorted({value.upper() for value in values if re.fullmatch("[A-Za-z]{3}", value)})


def _base_currency(said: str, origin: Origin, columns: Mapping[str, Column]) -> str:
    """Return which of a column's currencies the user wants amounts in.

    Raises:
        UserError: the column has no such currency.
    """
    currency, found = _currency(said, None), _column_currencies(origin, columns)
    if currency not in found:
        raise UserError(
            f"--currency {currency}: the column {origin} tells the currency ({', '.join(found)}). Leave the flag out, or set the "
            f"column aside with --map currency=={currency}."
        )
    return currency


def _amount_digits(plan: Plan) -> int:
    """Return how many digits behind the point a plan's amounts have."""
    if plan.declared.minor_units:
        codes = (
            _column_currencies(plan.mapping["currency"], plan.columns)
            if "currency" in plan.mapping
            else [plan.currency]
        )
        return 3 if _OF_THOUSANDTHS.intersection(codes) else 2
    return max((plan.columns[each].digits for each in _of_kinds(plan.contract, plan.declared, "amount")), default=0)


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


def _nearest(columns: Mapping[str, Column]) -> str:
    """Return in words which contract table columns come nearest to, and what it lacks."""
    mappings = {table: guess_mapping(table, columns) for table in FIELDS}
    best = max(mappings, key=lambda table: len(mappings[table]))
    missing = missing_fields(best, mappings[best])
    return (
        f" The nearest is {best}, of which no column is known for {', '.join(missing)}."
        if mappings[best] and missing
        else ""
    )


def _found_names(
    said: Said, columns: Mapping[str, Column], joined: Mapping[str, Found]
) -> tuple[TableMapping, tuple[str, ...]]:
    """Return what was declared with the columns' names as they were found, and what has no column, in words.

    Raises:
        UserError: the user, not a preset, named a column that is not there.
    """
    declared = said.declared
    left_out: list[str] = []

    def here(name: str) -> str | None:
        return _column_like(name, columns, joined, declared.also)

    def lacks(what: str, *names: str) -> bool:
        missing = [name for name in names if here(name) is None]
        if missing and not said.preset:
            raise UserError(f"{what}: there is no column {', '.join(missing)}; there are {', '.join(columns)}.")
        if missing:
            left_out.append(f"{what} (no column {', '.join(missing)})")
        return bool(missing)

    joins = {}
    for file, join in declared.join.items():
        if file not in joined:
            left_out.append(f"what {file} has (no such file)")
        elif not lacks(f"join of {file}", *join.on):
            joins[file] = Join(on={here(left) or left: right for left, right in join.on.items()})
    joined = {file: joined[file] for file in joins}
    fields = {}
    for name, origin in declared.fields.items():
        present = tuple(column for each in origin.columns if (column := here(each)))
        if origin.is_joined and here(origin.columns[-1]) is None:
            # Without its last part, a joined value would tell nothing apart.
            present = ()
        if origin.value is None and not present:
            lacks(name, *origin.columns)
        elif origin.time is None or not lacks(f"time of {name}", origin.time):
            fields[name] = origin.model_copy(update={"columns": present, "time": origin.time and here(origin.time)})
        else:
            fields[name] = Origin(columns=present)
    rules = [each for each in declared.line_type if not lacks(f"line type {each.type}", each.column)]
    filters = [each for each in declared.where if not lacks(f"filter {each}", each.column)]
    filled = [each for each in declared.fill_down if not lacks(f"fill-down of {each}", each)]
    came_back = {
        name: column
        for name, each in (declared.returned.model_dump() if declared.returned else {}).items()
        if each and not lacks(f"{name} of returns", each) and (column := here(each))
    }
    changed = {
        "join": joins,
        "fields": fields,
        "line_type": tuple(each.model_copy(update={"column": here(each.column)}) for each in rules),
        "where": tuple(each.model_copy(update={"column": here(each.column)}) for each in filters),
        "fill_down": tuple(column for each in filled if (column := here(each))),
        "identifiers": {column: kind for each, kind in declared.identifiers.items() if (column := here(each))},
        "returned": Returned(**came_back) if "quantity" in came_back else None,
    }
    return declared.model_copy(update=changed), tuple(left_out)


def _column_like(
    name: str, columns: Mapping[str, Column], joined: Mapping[str, Found], also: Mapping[str, Sequence[str]]
) -> str | None:
    """Return the column that is called so, or so but for case and separators, or by another of its names.

    ``file.column`` is the column of a joined file; without the file it is the row's own, or else of the first file that has it.
    """
    own = [column for column in columns if not any(column.startswith(f"{file}__") for file in joined)]
    places = {each: [column_name(file, each) for file in joined] for each in (name, *also.get(name, ()))}
    for each, in_files in places.items():
        file, _, rest = each.partition(".")
        wanted = [column_name(file, rest)] if rest and file in joined else [each, *in_files]
        for column in wanted:
            if column in columns:
                return column
        for column in [*own, *columns]:
            if plain(column) in map(plain, wanted):
                return column
    return None


def _mapping(
    contract: str, columns: Mapping[str, Column], declared: TableMapping, said: Said, ask: Ask | None
) -> dict[str, Origin]:
    names = list(FIELDS[contract])
    own = {name: Origin.said(text, columns) for name, text in said.mapping.items()}
    for name, origin in {**declared.fields, **own}.items():
        if name not in names:
            raise UserError(f"--map: {contract} has no field {name}; there are {', '.join(names)}.")
        for column in origin.used:
            if column not in columns:
                raise UserError(f"--map: there is no column {column}; there are {', '.join(columns)}.")
    mapping = {**declared.fields, **own}
    if not said.preset:
        taken = {column for origin in mapping.values() for column in origin.used}
        guessed = guess_mapping(contract, [column for column in columns if column not in taken])
        mapping = {name: Origin(columns=(column,)) for name, column in guessed.items()} | mapping
    if contract == "order_lines":
        mapping |= _line_id(columns, mapping, said)
    missing = missing_fields(contract, {name: str(origin) for name, origin in mapping.items()})
    if missing and said.preset:
        raise UserError(
            f"--like {said.preset}: no column here gives {', '.join(missing)}; there are {', '.join(columns)}. If they have other "
            "names here, say --map FIELD=COLUMN, or copy the preset (`dmp presets "
            f"{said.preset} > my.yml`), change it and say --like ./my.yml."
        )
    if missing and ask is None:
        one_of = contract_tables.contract().tables[contract].one_of
        words = [f"{name} (or {', '.join(one_of[1:])})" if name in one_of else name for name in missing]
        nobody = contract == "order_lines" and "customer_id" not in mapping
        raise UserError(
            f"Which column holds {' and '.join(words)} of {contract}? Say it with "
            f"{' '.join(f'--map {name}=COLUMN' for name in missing)} (one of {', '.join(columns)})."
            + (" customer_id has no column either: without one the lines are nobody's." if nobody else "")
        )
    for name in missing:
        question = _Question(f"Which column holds {name} of {contract}?", f"--map {name}=COLUMN")
        mapping[name] = Origin(columns=(_chosen(None, list(columns), question, ask),))
    return mapping


def _line_id(columns: Mapping[str, Column], mapping: Mapping[str, Origin], said: Said) -> dict[str, Origin]:
    """Return the column that tells order lines apart, if there is one; rows with the same value would be one line."""
    if "order_line_id" not in mapping:
        used = {column for origin in mapping.values() for column in origin.used}
        free = [name for name in columns if plain(name) == "id" and name not in used]
        if free and columns[free[0]].is_unique and not said.preset:
            return {"order_line_id": Origin(columns=(free[0],))}
        if said.cursor and "order_id" not in mapping:
            raise UserError(
                "With --cursor a row that has changed comes again and would count twice: name the column that tells order lines "
                "apart with --map order_line_id=COLUMN, or the order with --map order_id=COLUMN."
            )
        return {}
    (column, *others) = mapping["order_line_id"].columns
    if not others and not columns[column].is_unique and not said.preset:
        raise UserError(
            f"--map: {column} repeats or is missing in some rows, so it cannot be order_line_id. Name another column, or none: "
            "lines are then told apart by their values."
        )
    return {}


def _of_kinds(contract: str, declared: TableMapping, *kinds: str) -> list[str]:
    """Return the columns with values of some kinds: those of fields, and of what came back."""
    columns = [
        column
        for name, origin in declared.fields.items()
        if FIELDS[contract][name].kind in kinds
        for column in origin.columns
    ]
    if declared.returned:
        own = {"quantity": declared.returned.quantity, "amount": declared.returned.amount, "time": declared.returned.at}
        columns += [column for kind, column in own.items() if column and kind in kinds]
    return list(dict.fromkeys(columns))


def _raw_table(
    found: Found,
    contract: str,
    columns: Mapping[str, Column],
    declared: TableMapping,
    said: Said,
    file: str | None = None,
) -> RawTable:
    """Return how a found table is loaded, and its columns as the raw layer has them."""
    named = {column: kind for column in columns if (kind := declared.identifiers.get(column_name(file, column)))}
    said_of_it = {} if file else dict(said.identifiers)
    identifiers = guess_identifiers(columns) | named | said_of_it
    _check_identifiers(identifiers, columns)
    customer = declared.fields.get("customer_id")
    of_customer = [column for column in columns if customer and column_name(file, column) in customer.columns]
    cursor = None if file else said.cursor
    rule = found.rule.model_copy(
        update={
            "contract": contract,
            "customer": of_customer[0] if of_customer else None,
            "identifiers": identifiers,
            "cursor": cursor,
            "deleted_at": None if file else said.deleted_at,
            # What is found in a database or web service is a full copy, unless it is read from a cursor on.
            "keep": "append" if cursor else "replace" if said.is_full_copy else found.rule.keep,
        }
    )
    return RawTable(found.name, rule, tuple(_landed(column, identifiers) for column in columns.values()))


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
    if given := said.time_format or said.declared.time_format:
        return given
    if column.guess == "empty":
        return "iso"
    if not column.time_formats:
        question = _Question(f"How does {column.name} write times ({examples})? As strptime has it:", "--time-format")
        return _chosen(None, (), question, ask)
    question = _Question(f"{column.name} ({examples}) can be read in several ways. Which is right?", "--time-format")
    return _chosen(_only(column.time_formats), list(column.time_formats), question, ask)


def _with_time(day_format: str, time: Column) -> str:
    """Return the format of a day with the time of day of another column behind it."""
    if day_format.startswith("iso"):
        return day_format
    has_seconds = any(example.count(":") == 2 for example in time.examples)
    return f"{day_format.split(maxsplit=1)[0]} %H:%M{':%S' if has_seconds else ''}"


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
