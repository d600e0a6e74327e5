"""Write what an analytics engineer would have written for a source: raw table, staging model, their descriptions and tests.

The result is text by file name; the files are the user's from then on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from dmp_assets.dbt.contract_tables import AMOUNT, ContractTable, contract
from dmp_assets.dbt.project_file import yaml_text
from dmp_assets.onboarding.inspection import Column
from dmp_assets.onboarding.mapping import LineTypeRule, Origin, RowFilter, TableMapping
from dmp_assets.platform.warehouse import literal, quoted
from dmp_assets.sources.declare import PLACE_COLUMNS, RAW, LoadRule, harmless, within_project

AMOUNT_TYPE = "{{ var('amount_type', 'decimal(12, 2)') }}"
"""The type of amounts of money, in SQL and yml."""

TELLS_OFFSET = ("offset", "epoch", "epoch_ms", "epoch_us")
"""Formats of times that need no time zone."""

_JINJA = re.compile(r"\{[{%#]")
_SHARED = ("customer_id", "product_id")
"""Ids that sources with one namespace share; an order is always its source's."""


@dataclass(frozen=True)
class RawTable:
    """A table of the raw layer: its name in the source, how it is loaded, its columns."""

    name: str
    rule: LoadRule
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Plan:
    """What is to be written for one contract table of a source.

    Attributes:
        source: the source's name.
        namespace: what stands before its customers and products.
        raw: the raw table whose rows are those of the contract table.
        declared: how they become that, with the names that columns have here; see `column_name`.
        time_formats, decimal_marks: by column, how it writes times and numbers.
        currency: ISO 4217 code of its amounts, if no column tells it.
        time_zone: IANA time zone of its wall times, where no column tells it.
        base_currency: which of the currencies that a column tells shall be the platform's, if the user says it.
        joined: other raw tables with more about the rows, by the name in `declared.join`.
        left_out: what of a preset has no column here, in words.
    """

    source: str
    namespace: str
    raw: RawTable
    declared: TableMapping
    time_formats: Mapping[str, str]
    decimal_marks: Mapping[str, str]
    currency: str | None
    time_zone: str | None
    base_currency: str | None = None
    joined: Mapping[str, RawTable] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """Name of the raw table in the source."""
        return self.raw.name

    @property
    def rule(self) -> LoadRule:
        """How the raw table is loaded, with its contract table."""
        return self.raw.rule

    @property
    def mapping(self) -> Mapping[str, Origin]:
        """Where the values of each field come from."""
        return self.declared.fields

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

    @property
    def columns(self) -> dict[str, Column]:
        """Every column that the staging model can read, by the name that it has there."""
        return {
            column_name(file, column.name): column
            for file, table in {None: self.raw, **self.joined}.items()
            for column in table.columns
        }


def column_name(file: str | None, column: str) -> str:
    """Return what a column is called in a staging model: that of a joined file has the file's name before its own."""
    return f"{file}__{column}" if file else column


def files(plans: Sequence[Plan], project_dir: Path) -> dict[str, str]:
    """Return the text of each file of a source's plans for a project, by its name in the source's folder.

    A raw table that several of them read is declared by the first.
    """
    texts, declared = {}, set()
    for plan in plans:
        own = [table for table in (plan.raw, *plan.joined.values()) if table.name not in declared]
        declared |= {table.name for table in own}
        texts[f"{plan.model}.sql"] = staging_sql(plan)
        texts[f"{plan.model}.yml"] = staging_yaml(plan, own, project_dir)
    return texts


def staging_sql(plan: Plan) -> str:
    """Return the staging model: the source's columns as the contract table has them.

    One row per key; of order lines every row, because only the rules for lines tell which of a line's rows is the newest good one.
    """
    declared = plan.declared
    ctes = [_joined_cte(plan, name) for name in declared.join]
    ctes.append(("source", _source_lines(plan)))
    if declared.fill_down:
        ctes.append(("filled", _filled_lines(plan, ctes[-1][0])))
    if declared.where:
        conditions = [
            f"        {'and ' if number else ''}{_filter_sql(plan, each)}" for number, each in enumerate(declared.where)
        ]
        ctes.append(("kept", ["    select *", f"    from {ctes[-1][0]}", "    where", *conditions]))
    if _needs_occurrence(plan):
        key = ", ".join(_sql(_name(column)) for column in _key_columns(plan))
        numbered = [
            "    -- Equal rows of one load are told apart by their order; the same rows in another load are the same lines.",
            "    select",
            "        *,",
            f"        row_number() over (partition by _load_id{', ' if key else ''}{key} order by _row) as occurrence",
            f"    from {ctes[-1][0]}",
        ]
        ctes.append(("numbered", numbered))
    columns = [*plan.contract_table.types, *_LOAD_TYPES]
    ctes.append(("renamed", _renamed_lines(plan, ctes[-1][0])))
    if plan.rule.deleted_at:
        ctes.append(("present", _present_lines(plan)))
    if declared.returned:
        ctes.append(("with_returns", _with_returns_lines(plan, columns, ctes[-1][0])))
    last, condition = ctes[-1][0], []
    if plan.contract == "order_lines" and declared.whole_orders:
        ctes.append(("versions", _version_lines(last)))
        last, condition = "versions", ["where version = 1 or not is_complete"]
    elif plan.contract != "order_lines":
        ctes.append(("ranked", _ranked_lines(plan, last)))
        last, condition = "ranked", ["where load_rank = 1"]
    lines = [f"{{{{ config(enabled='{plan.source}' in var('sources')) }}}}", ""]
    for number, (name, body) in enumerate(ctes):
        lines += [
            f"{'with ' if not number else ''}{name} as (",
            "",
            *body,
            "",
            ")" if number == len(ctes) - 1 else "),",
            "",
        ]
    lines += ["select", *(f"    {column}{',' if column != columns[-1] else ''}" for column in columns)]
    return "\n".join([*lines, f"from {last}", *condition, ""])


def _joined_cte(plan: Plan, file: str) -> tuple[str, list[str]]:
    """Return the newest row of each key of a joined file."""
    table, keys = plan.joined[file], list(plan.declared.join[file].on.values())
    used = [each.name for each in table.columns if column_name(file, each.name) in _used(plan)]
    columns = [_sql(_name(column)) for column in dict.fromkeys([*keys, *used])]
    key = ", ".join(_argument(_name(column)) for column in keys)
    return _name(file), [
        "    select *",
        "    from (",
        "        select",
        *(f"            {column}," for column in columns),
        f"            {{{{ dmp.load_rank([{key}], ['_row']) }}}} as load_rank",
        f"        from {{{{ source('{plan.source}', '{table.name}') }}}}",
        "    ) as ranked",
        "    where load_rank = 1",
    ]


def _source_lines(plan: Plan) -> list[str]:
    relation = f"{{{{ source('{plan.source}', '{plan.table}') }}}}"
    if not plan.joined:
        used = [*(_sql(_name(column)) for column in _used(plan)), *_LOAD_TYPES]
        return ["    select", *_listed(used), f"    from {relation}"]
    own = _name(plan.table)
    of_file = {
        column_name(file, each.name): (file, each.name) for file, table in plan.joined.items() for each in table.columns
    }
    selected = [
        f"{_qualified(*of_file[column])} as {_sql(_name(column))}"
        if column in of_file
        else _qualified(plan.table, column)
        for column in _used(plan)
    ]
    selected += [f"{own}.{column}" for column in _LOAD_TYPES]
    joins = []
    for file, join in plan.declared.join.items():
        for number, (here, there) in enumerate(join.on.items()):
            left = _text_call(plan, here, "parse_id", of_file.get(here, (plan.table, here)))
            right = _text_call(plan, column_name(file, there), "parse_id", (file, there))
            joins.append(
                f"    {'and' if number else f'left join {_name(file)} on'} {{{{ {left} }}}} = {{{{ {right} }}}}"
            )
    return ["    select", *_listed(selected), f"    from {relation} as {own}", *joins]


def _filled_lines(plan: Plan, relation: str) -> list[str]:
    """Return the columns of a relation, with those of an order on each of its rows."""
    order = ", ".join(_sql(_name(column)) for column in plan.mapping["order_id"].columns)
    lines = []
    for column in _used(plan):
        name = _name(column)
        if column in plan.declared.fill_down:
            value = (
                f"{{{{ dmp.parse_text({_argument(name)}) }}}}"
                if plan.columns[column].data_type == "VARCHAR"
                else _sql(name)
            )
            lines.append(f"coalesce({value}, max({value}) over (partition by _load_id, {order})) as {_sql(name)}")
        else:
            lines.append(_sql(name))
    return [
        "    -- What stands on one row of an order only, holds for all of its rows.",
        "    select",
        *_listed([*lines, *_LOAD_TYPES]),
        f"    from {relation}",
    ]


def _renamed_lines(plan: Plan, relation: str) -> list[str]:
    expressions = _expressions(plan)
    lines = [f"{expressions[column]} as {column}" for column in plan.contract_table.types]
    if plan.declared.returned:
        returned = plan.declared.returned
        quantity = _kind_sql(plan, "quantity", Origin(columns=(returned.quantity,)))
        amount = (
            _kind_sql(plan, "amount", Origin(columns=(returned.amount,)))
            if returned.amount
            else f"cast(null as {AMOUNT_TYPE})"
        )
        at = _kind_sql(plan, "time", Origin(columns=(returned.at,))) if returned.at else "cast(null as timestamp)"
        lines += [f"{quantity} as returned_quantity", f"{amount} as returned_amount", f"{at} as returned_at"]
    if plan.rule.deleted_at:
        lines.append(f"{{{{ dmp.is_deleted({_argument(_name(plan.rule.deleted_at))}) }}}} as is_deleted")
    lines += ["_file", "_row", "cast(_load_id as string) as _load_id", "cast(_loaded_at as timestamp) as _loaded_at"]
    return ["    select", *_listed(lines), f"    from {relation}"]


def _present_lines(plan: Plan) -> list[str]:
    return [
        "    -- A row that the source has deleted is withdrawn, with the earlier rows of its key.",
        "    select *",
        "    from (",
        "        select",
        "            *,",
        f"            {{{{ dmp.is_withdrawn({list(plan.contract_table.key)}) }}}} as is_withdrawn",
        "        from renamed",
        "    ) as marked",
        "    where not is_withdrawn",
    ]


def _with_returns_lines(plan: Plan, columns: Sequence[str], relation: str) -> list[str]:
    """Return every line and, of one that came back in whole or in part, a return."""
    kinds = plan.contract_table.types
    amount = "coalesce(-returned_amount, -sales_amount * returned_quantity / nullif(quantity, 0))"
    of_return = {
        "order_line_id": "order_line_id || ':return'",
        "original_order_id": "order_id",
        "ordered_at": "coalesce(returned_at, ordered_at)",
        "line_type": "'return'",
        "quantity": "-returned_quantity",
        "sales_amount": f"cast({amount} as {AMOUNT_TYPE})",
        **dict.fromkeys(_line_discounts(kinds), f"cast(0 as {AMOUNT_TYPE})"),
        **{
            name: f"cast(null as {AMOUNT_TYPE})"
            for name in kinds
            if name.startswith("order_") and name.endswith("_amount")
        },
    }
    return [
        "    select",
        *_listed(list(columns)),
        f"    from {relation}",
        "    union all",
        "    -- What came back is a line of its own.",
        "    select",
        *_listed([f"{of_return[column]} as {column}" if column in of_return else column for column in columns]),
        f"    from {relation}",
        "    where returned_quantity > 0",
    ]


def _line_discounts(columns: Iterable[str]) -> list[str]:
    """Return the columns with discounts of a line, not of its whole order."""
    return [name for name in columns if name.endswith("discount_amount") and not name.startswith("order_")]


def _ranked_lines(plan: Plan, relation: str) -> list[str]:
    key = list(plan.contract_table.key)
    required = [name for name, column in plan.contract_table.columns.items() if column.required and name not in key]
    arguments = f"{key}, ['_row']{f', {required}' if required else ''}"
    return [
        "    select",
        "        *,",
        f"        {{{{ dmp.load_rank({arguments}) }}}} as load_rank",
        f"    from {relation}",
    ]


def _version_lines(relation: str) -> list[str]:
    """Return every line with the version of its order: 1 is the newest load that has a complete line of it."""
    return [
        "    -- A newer load of an order replaces all its lines. A line that will be rejected replaces none.",
        "    select",
        "        *,",
        "        dense_rank() over (",
        "            partition by order_id, is_complete order by _loaded_at desc, _file desc, _load_id desc",
        "        ) as version",
        "    from (",
        "        select",
        "            *,",
        "            ordered_at is not null",
        "            and product_id is not null",
        "            and quantity is not null",
        "            and (sales_amount is not null or unit_price is not null) as is_complete",
        f"        from {relation}",
        "    ) as judged",
    ]


def _listed(expressions: Sequence[str]) -> list[str]:
    return [
        f"        {each}{',' if number < len(expressions) else ''}" for number, each in enumerate(expressions, start=1)
    ]


def _used(plan: Plan) -> list[str]:
    """Return the columns that the staging model reads, joined ones too."""
    keys = [column for join in plan.declared.join.values() for column in join.on]
    joined = [column for column in keys if column not in {each.name for each in plan.raw.columns}]
    deleted_at = [plan.rule.deleted_at] if plan.rule.deleted_at else []
    return list(dict.fromkeys([*plan.declared.used, *joined, *deleted_at]))


def staging_yaml(plan: Plan, tables: Sequence[RawTable], project_dir: Path) -> str:
    """Return the declaration of raw tables, with how they are loaded, and of the staging model."""
    models = [
        {
            "name": plan.model,
            "description": f"{plan.contract_table.rows} Rows of {plan.source}, before validation; the newest load wins.",
            "columns": [_column(name, kind) for name, kind in {**plan.contract_table.types, **_LOAD_TYPES}.items()],
        }
    ]
    document: dict[str, Any] = {"version": 2}
    if tables:
        source = {
            "name": plan.source,
            "description": f"The source {plan.source}.",
            "schema": RAW,
            "config": {"enabled": f"{{{{ '{plan.source}' in var('sources') }}}}"},
            "tables": [_raw_table(plan, table, project_dir) for table in tables],
        }
        document["sources"] = [source]
    text = yaml_text(document | {"models": models})
    return f"# Yours to edit: say what each column means. `load` says where the rows come from and how they are read.\n{text}"


def _raw_table(plan: Plan, table: RawTable, project_dir: Path) -> dict[str, Any]:
    """Return the declaration of a raw table."""
    load = table.rule.model_dump(exclude_defaults=True)
    load["location"] = within_project(table.rule.location, project_dir)
    declared: dict[str, Any] = {
        "name": harmless(table.name),
        "identifier": harmless(f"{plan.source}__{table.name}"),
        "description": harmless(
            f"{table.name} of the source {plan.source}, as it arrived. One row per row of the source and load."
        ),
        "config": {
            "meta": {"dagster": {"asset_key": [RAW, harmless(f"{plan.source}__{table.name}")]}, "load": harmless(load)}
        },
    }
    key = _raw_key(plan, table)
    if key and table.rule.keep == "replace":
        declared["data_tests"] = [
            {
                "dmp.unique_within_load": {
                    "name": f"raw_{plan.source}__{table.name}_has_each_key_once",
                    "arguments": {"columns": [_sql(_name(column)) for column in key]},
                    "config": {"severity": "warn"},
                }
            }
        ]
    fields = {
        column: name for name, origin in plan.mapping.items() for column in origin.used if table.name == plan.table
    }
    columns = [
        {
            "name": harmless(column.name),
            "data_type": _dbt_type(column.data_type),
            "description": _raw_description(table, column, fields.get(column.name)),
        }
        for column in table.columns
    ]
    declared["columns"] = columns + [_column(name, kind) for name, kind in _LOAD_TYPES.items()]
    return declared


def _raw_key(plan: Plan, table: RawTable) -> list[str]:
    """Return the columns of a raw table that hold the contract table's key, if it has all of it and each in one column."""
    origins = [plan.mapping.get(name) for name in plan.contract_table.key]
    columns = [origin.columns[0] for origin in origins if origin and len(origin.used) == 1]
    present = {column.name for column in table.columns}
    return columns if len(columns) == len(origins) and present.issuperset(columns) and table.name == plan.table else []


def _expressions(plan: Plan) -> dict[str, str]:
    """Return the SQL of each column of the contract table."""
    fields, kinds = plan.contract_table.fields, plan.contract_table.types
    mapped = {name: _field_sql(plan, name, fields[name].kind, origin) for name, origin in plan.mapping.items()}
    defaults = {name: f"cast(null as {AMOUNT_TYPE if kind == AMOUNT else kind})" for name, kind in kinds.items()}
    defaults["source"] = f"'{plan.source}'"
    if plan.contract == "products":
        defaults["source_product_id"] = f"{{{{ {_origin_text(plan, plan.mapping['product_id'], 'parse_id')} }}}}"
        defaults["is_private_label"] = "false"
        defaults["is_recommendable"] = "true"
    if plan.contract == "order_lines":
        discounts = _line_discounts(kinds)
        defaults |= dict.fromkeys(discounts, f"cast(0 as {AMOUNT_TYPE})")
        defaults |= {
            "quantity": "cast(1 as decimal(12, 3))",
            "quantity_unit": "'each'",
            "time_zone": _constant(plan.time_zone),
            "currency": _constant(plan.currency),
            "store_id": f"'{plan.source}:online'",
            "order_line_id": _hashed(plan, "line", [*map(_name, _key_columns(plan)), "occurrence"]),
        }
        defaults["order_id"] = _default_order_id(plan, mapped.get("order_line_id", defaults["order_line_id"]))
        mapped |= {name: f"coalesce({mapped[name]}, {defaults[name]})" for name in discounts if name in mapped}
        if "store_id" in mapped:
            mapped["store_id"] = f"coalesce({mapped['store_id']}, {defaults['store_id']})"
        mapped["line_type"] = _line_type_sql(plan)
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


def _field_sql(plan: Plan, name: str, kind: str | None, origin: Origin) -> str:
    """Return the SQL of a field: an id with what stands before it, else see `_kind_sql`."""
    if kind != "id":
        return _kind_sql(plan, kind, origin)
    if plan.contract == "order_lines" and name == "product_id" and "product_name" in plan.mapping:
        # What has no number of its own goes by its name.
        named = plan.mapping["product_name"]
        if origin.columns and not origin.is_joined and named.columns:
            origin = Origin(columns=tuple(dict.fromkeys([*origin.columns, *named.columns])))
    before = plan.namespace if name in _SHARED else plan.source
    macro = "parse_customer_id" if name == "customer_id" else "parse_id"
    return f"{{{{ dmp.namespaced_id('{before}', {_origin_text(plan, origin, macro)}) }}}}"


def _kind_sql(plan: Plan, kind: str | None, origin: Origin) -> str:
    """Return the SQL that reads an origin's values as those of a kind."""
    value = _argument(_origin_sql(plan, origin))
    column = origin.columns[0] if origin.columns else ""
    time_format = _argument(plan.time_formats.get(column, "iso"))
    mark = _argument(plan.decimal_marks.get(column, "."))
    text = f"{{{{ {_origin_text(plan, origin)} }}}}"
    amount = f"{{{{ dmp.parse_amount({value}, {mark}) }}}}"
    if plan.declared.minor_units:
        amount = f"{{{{ dmp.parse_minor_units({value}, {_currency_call(plan)}, {mark}) }}}}"
    zone = "UTC" if plan.declared.utc_times else plan.time_zone or "UTC"
    time = f"{{{{ dmp.parse_time({value}, {time_format}, '{zone}') }}}}"
    if "time_zone" in plan.mapping and not plan.declared.utc_times:
        time = f"{{{{ dmp.parse_time_by_zone({value}, {time_format}, {_zone_call(plan)}) }}}}"
    return {
        "text": text,
        "currency": f"upper({text})",
        "line_type": f"lower({text})",
        "time_zone": f"{{{{ {_zone_call(plan)} }}}}" if kind == "time_zone" else "",
        "boolean": f"{{{{ dmp.parse_boolean({value}) }}}}",
        "amount": amount,
        "quantity": f"{{{{ dmp.parse_decimal({value}, 12, 3, {mark}) }}}}",
        "time": time,
        "date": f"cast({{{{ dmp.parse_wall_time({value}, {time_format}) }}}} as date)",
    }[kind or "text"]


def _line_type_sql(plan: Plan) -> str:
    """Return the type of an order line: by the declared rules, else by a column, else by words for what is no product."""
    if "line_type" in plan.mapping:
        other = _kind_sql(plan, "line_type", plan.mapping["line_type"])
    else:
        named = [plan.mapping[name] for name in ("product_id", "product_name") if name in plan.mapping]
        other = f"{{{{ dmp.line_type_by_words([{', '.join(_origin_text(plan, each) for each in named)}]) }}}}"
    if not plan.declared.line_type:
        return other
    rules = [f"when {_rule_sql(plan, rule)} then '{rule.type}'" for rule in plan.declared.line_type]
    return "\n        ".join(["case", *(f"    {each}" for each in [*rules, f"else {other}"]), "end"])


def _rule_sql(plan: Plan, rule: LineTypeRule) -> str:
    text = _text_call(plan, rule.column)
    lower = f"lower({{{{ {text} }}}})"
    conditions = [f"{lower} in ({_values(rule.values)})"] if rule.values else []
    conditions += [f"left({lower}, {len(each)}) = {_values([each])}" for each in rule.prefixes]
    if rule.pattern:
        conditions.append(
            f"{{{{ dmp.matches_pattern({text}, {_argument(rule.pattern.replace(chr(39), chr(39) * 2))}) }}}}"
        )
    return " or ".join(conditions)


def _filter_sql(plan: Plan, row_filter: RowFilter) -> str:
    text = f"{{{{ {_text_call(plan, row_filter.column)} }}}}"
    given = row_filter.values or row_filter.excluded
    values = [value for value in given if value is not None]
    conditions = [f"lower({text}) in ({_values(values)})"] if values else []
    if row_filter.excluded:
        conditions = [f"lower({text}) not in ({_values(values)})"] if values else []
        if None in given:
            return " and ".join([f"{text} is not null", *conditions])
        return f"({text} is null or {conditions[0]})"
    if None in given:
        conditions.append(f"{text} is null")
    return f"({' or '.join(conditions)})" if len(conditions) > 1 else conditions[0]


def _values(values: Iterable[str]) -> str:
    """Return texts in lower case as SQL."""
    return _sql(", ".join(literal(value.strip().lower()) for value in values))


def _currency_call(plan: Plan) -> str:
    """Return the currency as an argument of a macro."""
    if "currency" in plan.mapping:
        return _origin_text(plan, plan.mapping["currency"])
    return _argument(_constant(plan.currency))


def _zone_call(plan: Plan) -> str:
    """Return a row's time zone, as an expression of Jinja: that of the column, or where it has none, the one that was said."""
    column = _origin_text(plan, plan.mapping["time_zone"])
    return f"""'coalesce(' ~ {column} ~ {_argument(f", '{plan.time_zone}')")}""" if plan.time_zone else column


def _constant(value: str | None) -> str:
    return f"'{value}'" if value else "cast(null as string)"


def _needs_occurrence(plan: Plan) -> bool:
    return plan.contract == "order_lines" and "order_line_id" not in plan.mapping


def _key_columns(plan: Plan) -> list[str]:
    """Return the columns that make an order line without an id: order and product, else all that tell lines apart."""
    names: tuple[str, ...] = ("order_id", "product_id", "product_name")
    if "order_id" not in plan.mapping:
        names = (
            "customer_id", "product_id", "product_name", "store_id", "ordered_at", "quantity", "sales_amount", "unit_price",
        )  # fmt: skip
    if "order_id" in plan.mapping and len(plan.mapping["product_id"].columns) == 1:
        names = ("order_id", "product_id")
    used = [column for name in names if name in plan.mapping for column in plan.mapping[name].used]
    return list(dict.fromkeys(used))


def _default_order_id(plan: Plan, line_id: str) -> str:
    """Return an order's id where the source has none: one order of a customer at a time; a line of nobody is one of its own."""
    if "customer_id" not in plan.mapping:
        return line_id
    columns = [_name(column) for name in ("customer_id", "ordered_at") for column in plan.mapping[name].used]
    customer = f"{{{{ {_origin_text(plan, plan.mapping['customer_id'], 'parse_customer_id')} }}}}"
    return f"case when {customer} is null then {line_id} else {_hashed(plan, 'order', columns)} end"


def _hashed(plan: Plan, what: str, columns: list[str]) -> str:
    return f"{{{{ dmp.hashed_id('{plan.source}:{what}', [{', '.join(map(_argument, columns))}]) }}}}"


def _joined(plan: Plan, what: str, names: list[str]) -> str:
    """Return an id made of the key's values as the source has them; null where one is."""
    parts = " || ':' || ".join(f"{{{{ {_origin_text(plan, plan.mapping[name])} }}}}" for name in names)
    return f"'{plan.source}:{what}:' || {parts}"


def _origin_sql(plan: Plan, origin: Origin) -> str:
    """Return the value of an origin as the source has it."""
    if origin.value is not None:
        return literal(origin.value)
    names = [_name(column) for column in origin.columns]
    if origin.time:
        day = names[0]
        if plan.time_formats.get(origin.columns[0], "iso").startswith("iso"):
            day = f"left(cast({day} as string), 10)"
        return f"{day} || ' ' || {_name(origin.time)}"
    if len(names) == 1:
        return names[0]
    return " || ':' || ".join(names) if origin.is_joined else f"coalesce({', '.join(names)})"


def _origin_text(plan: Plan, origin: Origin, macro: str = "parse_text") -> str:
    """Return an origin's value as text, or as what a macro makes of it, as an expression of Jinja."""
    if origin.value is not None or origin.time:
        return f"dmp.{macro}({_argument(_origin_sql(plan, origin))})"
    calls = [_text_call(plan, column, macro) for column in origin.columns]
    if len(calls) == 1:
        return calls[0]
    between = "' || \\':\\' || '" if origin.is_joined else "', '"
    return f"""'{"" if origin.is_joined else "coalesce"}(' ~ {f" ~ {between} ~ ".join(calls)} ~ ')'"""


def _text_call(plan: Plan, column: str, macro: str = "parse_text", place: tuple[str, str] | None = None) -> str:
    """Return the macro call for a column as text; a whole number that a file keeps as a float loses its point."""
    name = _qualified(*place) if place else _name(column)
    if plan.columns[column].data_type in ("DOUBLE", "FLOAT"):
        if macro == "parse_text":
            return f"dmp.parse_text(dmp.float_text({_argument(name)}))"
        name = f"try_cast({name} as bigint)"
    strips = ", true" if plan.declared.strip_zeros and macro != "parse_text" else ""
    return f"dmp.{macro}({_argument(name)}{strips})"


def _qualified(table: str, column: str) -> str:
    return f"{_name(table)}.{_name(column)}"


def _name(column: str) -> str:
    """Return a column's name as SQL; only where it must be, in quotes."""
    is_plain = re.fullmatch(r"[a-z_][a-z0-9_]*", column) and column not in _keywords()
    return column if is_plain else quoted(column)


@cache
def _keywords() -> frozenset[str]:
    rows = duckdb.sql("select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'").fetchall()
    return frozenset(name for (name,) in rows)


def _sql(sql: str) -> str:
    """Return SQL that a model may hold outside of Jinja: as it is, unless Jinja would read something in it."""
    return f"{{{{ {_argument(sql)} }}}}" if _JINJA.search(sql) else sql


def _argument(sql: str) -> str:
    """Return SQL as the argument of a macro."""
    escaped = sql.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _column(name: str, kind: str) -> dict[str, str]:
    kind = AMOUNT_TYPE if kind == AMOUNT else kind
    return {"name": name, "data_type": kind, "description": f"{{{{ doc('{name}') }}}}"}


def _raw_description(table: RawTable, column: Column, field: str | None) -> str:
    kind = table.rule.identifiers.get(column.name)
    if kind:
        use = f"Pseudonym; the {kind.replace('_', ' ')} itself is in the vault."
        return f"{use} Read as {field}." if field else use
    if column.name == table.rule.deleted_at:
        return "A value here says that the row is deleted: it is withdrawn, with the earlier rows of its key."
    return f"Read as {field}." if field else "Kept as it arrived; not used yet."


def _dbt_type(data_type: str) -> str:
    return "string" if data_type == "VARCHAR" else data_type.lower()


_LOAD_TYPES = {name: _dbt_type(kind) for name, kind in PLACE_COLUMNS.items()}
