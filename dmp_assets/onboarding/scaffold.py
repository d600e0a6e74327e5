"""Write what an analytics engineer would have written for a source: raw table, staging model, their descriptions and tests.

The result is text by file name; the files are the user's from then on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from dmp_assets.dbt.contract_tables import AMOUNT, ContractTable, contract
from dmp_assets.dbt.project_file import yaml_text
from dmp_assets.onboarding.inspection import Column
from dmp_assets.platform.warehouse import quoted
from dmp_assets.sources.declare import PLACE_COLUMNS, RAW, LoadRule, within_project

AMOUNT_TYPE = "{{ var('amount_type', 'decimal(12, 2)') }}"
"""The type of amounts of money, in SQL and yml."""


@dataclass(frozen=True)
class Plan:
    """What is to be written for one table.

    Attributes:
        source: the source's name.
        namespace: what stands before the source's ids.
        table: name of the raw table in the source.
        rule: how it is loaded, with its contract table.
        columns: of the raw table.
        mapping: column for each field of the contract table.
        time_formats, decimal_marks: by column, how it writes times and numbers.
        currency: ISO 4217 code of its amounts, if no column tells it.
        time_zone: IANA time zone of its wall times.
    """

    source: str
    namespace: str
    table: str
    rule: LoadRule
    columns: tuple[Column, ...]
    mapping: Mapping[str, str]
    time_formats: Mapping[str, str]
    decimal_marks: Mapping[str, str]
    currency: str | None
    time_zone: str

    @property
    def contract(self) -> str:
        """The contract table's name."""
        return self.rule.contract

    @property
    def contract_table(self) -> ContractTable:
        """The contract table."""
        return contract().tables[self.contract]

    @property
    def model(self) -> str:
        """Name of the staging model."""
        return f"stg_{self.source}__{self.contract}"


def files(plan: Plan, project_dir: Path) -> dict[str, str]:
    """Return the text of each file of a plan for a project, by its name in the source's folder."""
    return {f"{plan.model}.sql": staging_sql(plan), f"{plan.model}.yml": staging_yaml(plan, project_dir)}


def staging_sql(plan: Plan) -> str:
    """Return the staging model: the source's columns as the contract table has them, one row per key."""
    expressions = _expressions(plan)
    used = [_name(column) for column in dict.fromkeys(plan.mapping.values())]
    inner = [*used, *_LOAD_TYPES]
    key = _key_columns(plan)
    occurrence = (
        [
            "-- Equal rows of one load are told apart by their order; the same rows in another load are the same lines.",
            f"row_number() over (partition by _load_id, {', '.join(_name(column) for column in key)} order by _row) "
            "as occurrence",
        ]
        if _needs_occurrence(plan)
        else []
    )
    columns = plan.contract_table.types
    outer = [f"{expressions[column]} as {column}," for column in columns]
    outer += ["_file,", "_row,", "cast(_load_id as string) as _load_id,", "cast(_loaded_at as timestamp) as _loaded_at"]
    selected = [f"{column}," for column in inner]
    if occurrence:
        selected += occurrence
    else:
        selected[-1] = selected[-1].removesuffix(",")
    return "\n".join(
        [
            f"{{{{ config(enabled='{plan.source}' in var('sources')) }}}}",
            "",
            "with source as (",
            "",
            "    select",
            *(f"        {line}" for line in selected),
            f"    from {{{{ source('{plan.source}', '{plan.table}') }}}}",
            "",
            "),",
            "",
            "renamed as (",
            "",
            "    select",
            *(f"        {line}" for line in outer),
            "    from source",
            "",
            "),",
            "",
            "ranked as (",
            "",
            "    select",
            "        *,",
            f"        {{{{ dmp.load_rank({list(plan.contract_table.key)}, ['_row']) }}}} as load_rank",
            "    from renamed",
            "",
            ")",
            "",
            "select",
            *(f"    {column}{',' if column != '_loaded_at' else ''}" for column in [*columns, *_LOAD_TYPES]),
            "from ranked",
            "where load_rank = 1",
            "",
        ]
    )


def staging_yaml(plan: Plan, project_dir: Path) -> str:
    """Return the declaration of the raw table, with how it is loaded, and of the staging model."""
    fields = {column: field for field, column in plan.mapping.items()}
    raw_columns = [
        {
            "name": column.name,
            "data_type": _dbt_type(column.data_type),
            "description": _raw_description(plan, column, fields.get(column.name)),
        }
        for column in plan.columns
    ]
    raw_columns += [_column(name, kind) for name, kind in _LOAD_TYPES.items()]
    load = plan.rule.model_dump(exclude_defaults=True)
    load["location"] = within_project(plan.rule.location, project_dir)
    raw_table: dict[str, Any] = {
        "name": plan.table,
        "identifier": f"{plan.source}__{plan.table}",
        "description": f"{plan.table} of the source {plan.source}, as it arrived. One row per row of the source and load.",
        "config": {"meta": {"dagster": {"asset_key": [RAW, f"{plan.source}__{plan.table}"]}, "load": load}},
    }
    key = [plan.mapping.get(name) for name in plan.contract_table.key]
    if None not in key and plan.rule.keep == "replace":
        raw_table["data_tests"] = [
            {
                "dmp.unique_within_load": {
                    "name": f"raw_{plan.source}__{plan.table}_has_each_key_once",
                    "arguments": {"columns": [_name(column) for column in key if column]},
                    "config": {"severity": "warn"},
                }
            }
        ]
    raw_table["columns"] = raw_columns
    document = {
        "version": 2,
        "sources": [
            {
                "name": plan.source,
                "description": f"The source {plan.source}.",
                "schema": RAW,
                "config": {"enabled": f"{{{{ '{plan.source}' in var('sources') }}}}"},
                "tables": [raw_table],
            }
        ],
        "models": [
            {
                "name": plan.model,
                "description": f"{plan.contract_table.rows} Rows of {plan.source}, before validation; the newest load wins.",
                "columns": [_column(name, kind) for name, kind in {**plan.contract_table.types, **_LOAD_TYPES}.items()],
            }
        ],
    }
    text = yaml_text(document)
    return f"# Yours to edit: say what each column means. `load` says where the rows come from and how they are read.\n{text}"


def _expressions(plan: Plan) -> dict[str, str]:
    """Return the SQL of each column of the contract table."""
    fields, kinds = plan.contract_table.fields, plan.contract_table.types
    mapped = {name: _field_sql(plan, fields[name].kind, column) for name, column in plan.mapping.items()}
    defaults = {name: f"cast(null as {AMOUNT_TYPE if kind == AMOUNT else kind})" for name, kind in kinds.items()}
    defaults["source"] = f"'{plan.source}'"
    if plan.contract == "products":
        defaults["source_product_id"] = f"{{{{ {_text(plan, plan.mapping['product_id'])} }}}}"
        defaults["is_private_label"] = "false"
        defaults["is_recommendable"] = "true"
    if plan.contract == "order_lines":
        discounts = [name for name in kinds if name.endswith("discount_amount") and not name.startswith("order_")]
        defaults |= dict.fromkeys(discounts, f"cast(0 as {AMOUNT_TYPE})")
        defaults |= {
            "quantity": "cast(1 as decimal(12, 3))",
            "quantity_unit": "'each'",
            "time_zone": f"'{plan.time_zone}'",
            "currency": f"'{plan.currency}'",
            "store_id": f"'{plan.namespace}:online'",
            "order_id": _hashed(plan, "order", [_name(plan.mapping[each]) for each in ("customer_id", "ordered_at")]),
            "order_line_id": _hashed(plan, "line", [*map(_name, _key_columns(plan)), "occurrence"]),
        }
    if plan.contract == "campaign_members":
        defaults["campaign_member_id"] = _joined(plan, "membership", ["campaign_id", "customer_id"])
    if plan.contract == "touches":
        defaults["touch_id"] = _joined(plan, "redemption", ["campaign_id", "customer_id", "coupon_id", "touched_on"])
        defaults["touch_type"] = "'redemption'"
    if plan.contract == "promotions":
        defaults |= {"is_on_display": "false", "is_in_mailer": "false"}
    if plan.contract == "consents":
        defaults["subject_id"] = mapped["customer_id"]
        defaults["consent_id"] = _joined(plan, "consent", ["customer_id", "purpose", "decided_at"])
        defaults["is_simulated"] = "false"
        mapped["purpose"] = f"lower({mapped['purpose']})"
    return defaults | mapped


def _field_sql(plan: Plan, kind: str | None, column: str) -> str:
    name = _argument(_name(column))
    time_format = plan.time_formats.get(column, "iso")
    decimal_mark = plan.decimal_marks.get(column, ".")
    return {
        "id": f"{{{{ dmp.namespaced_id('{plan.namespace}', {_text(plan, column)}) }}}}",
        "text": f"{{{{ {_text(plan, column)} }}}}",
        "currency": f"upper({{{{ {_text(plan, column)} }}}})",
        "boolean": f"{{{{ dmp.parse_boolean({name}) }}}}",
        "amount": f"{{{{ dmp.parse_amount({name}, '{decimal_mark}') }}}}",
        "quantity": f"{{{{ dmp.parse_decimal({name}, 12, 3, '{decimal_mark}') }}}}",
        "time": f"{{{{ dmp.parse_time({name}, '{time_format}', '{plan.time_zone}') }}}}",
        "date": f"cast({{{{ dmp.parse_wall_time({name}, '{time_format}') }}}} as date)",
    }[kind or "text"]


def _needs_occurrence(plan: Plan) -> bool:
    return plan.contract == "order_lines" and "order_line_id" not in plan.mapping


def _key_columns(plan: Plan) -> list[str]:
    """Return the columns that make an order line without an id: order and product, else all that tell lines apart."""
    if "order_id" in plan.mapping:
        return [plan.mapping["order_id"], plan.mapping["product_id"]]
    names = ("customer_id", "product_id", "store_id", "ordered_at", "quantity", "sales_amount")
    return [plan.mapping[name] for name in names if name in plan.mapping]


def _hashed(plan: Plan, what: str, columns: list[str]) -> str:
    return f"{{{{ dmp.hashed_id('{plan.namespace}:{what}', [{', '.join(map(_argument, columns))}]) }}}}"


def _joined(plan: Plan, what: str, names: list[str]) -> str:
    """Return an id made of the key's values as the source has them; null where one is."""
    parts = " || ':' || ".join(f"{{{{ {_text(plan, plan.mapping[name])} }}}}" for name in names)
    return f"'{plan.namespace}:{what}:' || {parts}"


def _text(plan: Plan, column: str) -> str:
    """Return the macro call for a column as text; a whole number that a file keeps as a float loses its point."""
    types = {each.name: each.data_type for each in plan.columns}
    name = f"cast({_name(column)} as bigint)" if types[column] in ("DOUBLE", "FLOAT") else _name(column)
    return f"dmp.parse_text({_argument(name)})"


def _name(column: str) -> str:
    """Return a column's name as SQL; only where it must be, in quotes."""
    is_plain = re.fullmatch(r"[a-z_][a-z0-9_]*", column) and column not in _keywords()
    return column if is_plain else quoted(column)


@cache
def _keywords() -> frozenset[str]:
    rows = duckdb.sql("select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'").fetchall()
    return frozenset(name for (name,) in rows)


def _argument(sql: str) -> str:
    """Return SQL as the argument of a macro."""
    escaped = sql.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _column(name: str, kind: str) -> dict[str, str]:
    kind = AMOUNT_TYPE if kind == AMOUNT else kind
    return {"name": name, "data_type": kind, "description": f"{{{{ doc('{name}') }}}}"}


def _raw_description(plan: Plan, column: Column, field: str | None) -> str:
    kind = plan.rule.identifiers.get(column.name)
    if kind:
        use = f"Pseudonym; the {kind.replace('_', ' ')} itself is in the vault."
        return f"{use} Read as {field}." if field else use
    return f"Read as {field}." if field else "Kept as it arrived; not used yet."


def _dbt_type(data_type: str) -> str:
    return "string" if data_type == "VARCHAR" else data_type.lower()


_LOAD_TYPES = {name: _dbt_type(kind) for name, kind in PLACE_COLUMNS.items()}
