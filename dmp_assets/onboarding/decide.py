"""Decide how a user's table maps to a contract table: from what was found, what the user said, and what they are asked.

Nothing is guessed that changes numbers: a currency, a time zone, a date that could be read in two ways or a number whose decimal
mark is open must be said.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from dmp_assets.dbt.contract_tables import CONTACT, plain
from dmp_assets.dbt.contract_tables import contract as contract_file
from dmp_assets.onboarding.found_names import found_names
from dmp_assets.onboarding.guess import FIELDS, guess_contract, guess_identifiers, guess_mapping, missing_fields
from dmp_assets.onboarding.header_currency import header_currency
from dmp_assets.onboarding.inspection import Column, Found
from dmp_assets.onboarding.mapping import LineType, Origin, TableMapping
from dmp_assets.onboarding.personal_columns import asked_kinds, identifiers_of
from dmp_assets.onboarding.plan import TELLS_OFFSET, Plan, RawTable, check_name, column_name, columns_of_kinds
from dmp_assets.onboarding.project_settings import column_currencies
from dmp_assets.onboarding.questions import Ask, Question, chosen, currency_code, time_zone_name
from dmp_assets.onboarding.times import only, time_format, times_of_day, with_time, with_time_of_day
from dmp_assets.platform.errors import UserError
from dmp_assets.privacy.words import NONE

_NAMESPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_LIST = 0.5  # of the rows of a list that have an id, the share that has one of its own at least


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
        keep: whether a changed file's rows add to its earlier ones (``append``) or replace them.
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
    keep: Literal["append", "replace"] | None = None


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
    contract = chosen(
        said.contract or _guess_contract(own, said, found),
        list(FIELDS),
        Question(f"Which contract table does {found.name} map to?{_nearest(own)}", "--as"),
        ask,
    )
    for flag, column in (("--cursor", said.cursor), ("--deleted-at", said.deleted_at)):
        if column and column not in own:
            raise UserError(f"{flag}: there is no column {column}; there are {', '.join(own)}.")
    declared, left_out = found_names(said.declared, columns, joined, is_preset=bool(said.preset))
    lists = [each.replace(".", "_") for each in found.rule.explode]
    mapping = _mapping(contract, columns, declared, said, lists, ask)
    if not said.preset:
        left_out = (*left_out, *_left_out(contract, columns, mapping, lists))
        left_out = (*left_out, *_other_currency(mapping, columns, {*said.mapping}))
    declared = declared.model_copy(update={"fields": mapping})
    if declared.fill_down and "order_id" not in mapping:
        raise UserError(
            "Columns are filled down within an order: say with --map order_id=COLUMN which column tells orders apart."
        )
    keeps_name = said.preset or found.rule.contract or found.rule.format == "database"
    raw = _raw_table(
        found if keeps_name else dataclasses.replace(found, name=contract),
        contract, own, declared, (said, ask),
    )  # fmt: skip
    others = {
        file: _raw_table(table, contract, {each.name: columns[column_name(file, each.name)] for each in table.columns},
                         declared, (said, ask), file)
        for file, table in joined.items() if file in declared.join
    }  # fmt: skip
    formats = {
        column: time_format(columns[column], said.time_format or said.declared.time_format, ask)
        for column in columns_of_kinds(contract, declared, "time", "date")
    }
    for origin in mapping.values():
        if origin.time:
            formats[origin.columns[0]] = with_time(formats[origin.columns[0]], columns[origin.time])
    decimal_marks = {
        column: chosen(
            said.decimal_mark or only(columns[column].decimal_marks) or declared.decimal_mark,
            [".", ","],
            Question(f"Which is the decimal mark of {column} ({', '.join(columns[column].examples)})?", "--decimal"),
            ask,
        )
        for column in columns_of_kinds(contract, declared, "amount", "quantity")
    }
    is_order = contract == "order_lines"
    needs_zone = is_order or any(
        formats[each] not in TELLS_OFFSET for each in columns_of_kinds(contract, declared, "time")
    )
    time_zone = said.time_zone or declared.time_zone
    if needs_zone and (time_zone or "time_zone" not in mapping):
        time_zone = time_zone_name(time_zone, ask)
    currency = base_currency = None
    if is_order and "currency" not in mapping:
        amounts = columns_of_kinds(contract, declared, "amount")
        currency = currency_code(said.currency or declared.currency or header_currency(amounts), ask)
    elif is_order and said.currency:
        base_currency = _base_currency(said.currency, mapping["currency"], columns)
    namespace = said.namespace or declared.namespace or source
    declared = declared.model_copy(
        update={
            "file": raw.name,
            "namespace": namespace,
            "identifiers": {**declared.identifiers, **said.identifiers},
            "currency": currency,
            "time_zone": time_zone,
            "time_format": said.time_format or declared.time_format or only([*set(formats.values())]),
            "decimal_mark": said.decimal_mark or declared.decimal_mark or only([*set(decimal_marks.values())]),
        }
    )
    return Plan(
        source,
        namespace,
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


def _guess_contract(columns: Mapping[str, Column], said: Said, found: Found) -> str | None:
    """Return what a table is, by the names of its columns and what they hold."""
    return guess_contract(
        [*columns, *said.mapping],
        repeated=[name for name, column in columns.items() if column.distinct < _LIST * column.filled],
        lists=[each.replace(".", "_") for each in found.rule.explode],
        has_times=any(column.guess == "time" for column in columns.values()),
    )


def _left_out(
    contract: str, columns: Mapping[str, Column], mapping: Mapping[str, Origin], lists: Sequence[str]
) -> list[str]:
    """Return in words which columns are called like a field and hold something else."""
    guessed = guess_mapping(contract, columns, lists=lists)
    return [
        f"{column} as {name}: all of its numbers lie between 0 and 1, like shares and no amounts (if they are amounts, say --map "
        f"'{name}={column}')"
        for name, column in guessed.items()
        if _is_amount(contract, name) and columns[column].is_share and name not in mapping
    ]


def _is_another(contract: str, name: str, column: Column) -> bool:
    """Return whether a column that is called like a field holds something else: shares for amounts, other words for line types."""
    if FIELDS[contract][name].kind == "line_type":
        return not column.values or not {value.lower() for value in column.values} <= {*get_args(LineType)}
    return _is_amount(contract, name) and column.is_share


def _is_amount(contract: str, field_name: str) -> bool:
    return FIELDS[contract][field_name].kind == "amount"


def _other_currency(mapping: dict[str, Origin], columns: Mapping[str, Column], said: Collection[str]) -> list[str]:
    """Take a guessed column of currencies back if the names of those with amounts tell another; return that in words."""
    amounts = [
        column for name, origin in mapping.items() if name.endswith(("amount", "price")) for column in origin.columns
    ]
    told = header_currency(amounts)
    if told is None or "currency" not in mapping or "currency" in said:
        return []
    others = [code for code in column_currencies(mapping["currency"], columns) if code != told]
    if not others:
        return []
    column = mapping.pop("currency")
    return [
        f"{column} as currency: it has {', '.join(others)}, and the amounts are called after {told} (if it tells what they are in, "
        f"say --map 'currency={column}')"
    ]


def _base_currency(said: str, origin: Origin, columns: Mapping[str, Column]) -> str:
    """Return which of a column's currencies the user wants amounts in.

    Raises:
        UserError: the column has no such currency.
    """
    currency, found = currency_code(said, None), column_currencies(origin, columns)
    if currency not in found:
        raise UserError(
            f"--currency {currency}: the column {origin} tells the currency ({', '.join(found)}). Leave the flag out, or set the "
            f"column aside with --map currency=={currency}."
        )
    return currency


def _nearest(columns: Mapping[str, Column]) -> str:
    """Return in words which contract table columns come nearest to, and what it lacks."""
    mappings = {table: guess_mapping(table, columns) for table in FIELDS}
    people = {"customers": len(guess_identifiers(columns, "customers"))}
    best = max(mappings, key=lambda table: len(mappings[table]) + people.get(table, 0))
    missing = missing_fields(best, mappings[best])
    return (
        f" The nearest is {best}, of which no column is known for {', '.join(missing)}."
        if mappings[best] and missing
        else ""
    )


def _mapping(
    contract: str,
    columns: Mapping[str, Column],
    declared: TableMapping,
    said: Said,
    lists: Sequence[str],
    ask: Ask | None,
) -> dict[str, Origin]:
    names = list(FIELDS[contract])
    own = {name: Origin.said(text, columns) for name, text in said.mapping.items()}
    for name, origin in {**declared.fields, **own}.items():
        if name not in names:
            raise UserError(f"--map: {contract} has no field {name}; there are {', '.join(names)}.")
        if FIELDS[contract][name].kind in CONTACT and not origin.columns:
            raise UserError(f"--map {name}: name a column; one {name} for all would make one person of them.")
        for column in origin.used:
            if column not in columns:
                raise UserError(f"--map: there is no column {column}; there are {', '.join(columns)}.")
    mapping = {**declared.fields, **own}
    if not said.preset:
        taken = {column for origin in mapping.values() for column in origin.used} | {*times_of_day(columns.values())}
        flags = [name for name, column in columns.items() if column.is_flag]
        guessed = {
            name: column
            for name, column in guess_mapping(contract, columns, taken, flags, lists).items()
            if name not in mapping and not _is_another(contract, name, columns[column])
        }
        mapping = {name: Origin(columns=(column,)) for name, column in guessed.items()} | mapping
        if "ordered_at" in guessed:
            mapping["ordered_at"] = with_time_of_day(guessed, columns)
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
        one_of = contract_file().tables[contract].one_of
        words = [f"{name} (or {', '.join(one_of[1:])})" if name in one_of else name for name in missing]
        nobody = contract == "order_lines" and "customer_id" not in mapping
        raise UserError(
            f"Which column holds {' and '.join(words)} of {contract}? Say it with "
            f"{' '.join(f'--map {name}=COLUMN' for name in missing)} (one of {', '.join(columns)})."
            + (" customer_id has no column either: without one the lines are nobody's." if nobody else "")
        )
    for name in missing:
        question = Question(f"Which column holds {name} of {contract}?", f"--map {name}=COLUMN")
        mapping[name] = Origin(columns=(chosen(None, list(columns), question, ask),))
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


def _raw_table(
    found: Found,
    contract: str,
    columns: Mapping[str, Column],
    declared: TableMapping,
    asked: tuple[Said, Ask | None],
    file: str | None = None,
) -> RawTable:
    """Return how a found table is loaded, and its columns as the raw layer has them."""
    said, ask = asked
    kinds = {**_contact_kinds(contract, declared, said), **declared.identifiers}
    named = {column: kind for column in columns if (kind := kinds.get(column_name(file, column)))}
    said_of_it = {} if file else dict(said.identifiers)
    customer = declared.fields.get("customer_id")
    of_customer = [column for column in columns if customer and column_name(file, column) in customer.columns]
    used = {column for origin in declared.fields.values() for column in origin.used}
    free = [column for column in columns if column_name(file, column) not in used]
    known = found.rule.identifiers | named | said_of_it
    identifiers, undecided = identifiers_of(columns, contract, of_customer[:1], known)
    if undecided := [column for column in undecided if column in free and not said.preset]:
        identifiers |= asked_kinds({column: columns[column] for column in undecided}, ask)
    cursor = None if file else said.cursor or found.rule.cursor
    rule = found.rule.model_copy(
        update={
            "contract": contract,
            "customer": of_customer[0] if of_customer else None,
            "identifiers": {column: kind for column, kind in identifiers.items() if kind != NONE},
            "cursor": cursor,
            "deleted_at": None if file else said.deleted_at or found.rule.deleted_at,
            # What is found in a database or web service is a full copy, unless it is read from a cursor on.
            "keep": "append" if cursor else said.keep or found.rule.keep,
        }
    )
    landed = tuple(_landed(column, rule.identifiers) for column in columns.values())
    return RawTable(found.name, rule, landed, tuple(column for column in undecided if column not in identifiers))


def _contact_kinds(contract: str, declared: TableMapping, said: Said) -> dict[str, str]:
    """Return the kind of identifier of the columns that give a person's e-mail address or phone number.

    Raises:
        UserError: the user says that such a column holds another kind, or none.
    """
    kinds: dict[str, str] = {}
    for name, origin in declared.fields.items():
        kind = FIELDS[contract][name].kind
        if kind not in CONTACT:
            continue
        for column in origin.columns:
            other = said.identifiers.get(column, declared.identifiers.get(column, kind))
            if other != kind:
                raise UserError(
                    f"--identifier {column}={other}: {column} gives the {name} of {contract}, which is {kind}. Leave the flag "
                    f"out, or name another column with --map {name}=COLUMN."
                )
            kinds[column] = kind
    return kinds


def _landed(column: Column, identifiers: Mapping[str, str]) -> Column:
    """Return a column as the raw layer has it: an identifier's holds pseudonyms."""
    if column.name not in identifiers:
        return column
    return Column(column.name, "VARCHAR", "text", examples=())
