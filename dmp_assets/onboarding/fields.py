"""The SQL of each column of a contract table in a staging model, and the names and texts that it is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import duckdb

from dmp_assets.dbt.contract_tables import AMOUNT, CONTACT
from dmp_assets.onboarding.mapping import LineTypeRule, Origin, RowFilter
from dmp_assets.onboarding.plan import Plan, columns_of_kinds
from dmp_assets.platform.warehouse import literal, quoted

AMOUNT_TYPE = "{{ var('amount_type', 'decimal(12, 2)') }}"
"""The type of amounts of money, in SQL and yml."""

_JINJA = re.compile(r"\{[{%#]")
_SHARED = ("customer_id", "product_id", "household_id", "loyalty_card")
"""Ids that sources with one namespace share; an order is always its source's."""


def expressions(plan: Plan) -> dict[str, str]:
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
        discounts = line_discounts(kinds)
        defaults |= dict.fromkeys(discounts, f"cast(0 as {AMOUNT_TYPE})")
        defaults |= {
            "quantity": "cast(1 as decimal(12, 3))",
            "quantity_unit": "'each'",
            "time_zone": _constant(plan.time_zone),
            "currency": _constant(plan.currency),
            "store_id": f"'{plan.own_namespace}:online'",
            "order_line_id": _hashed(plan, "line", [*map(column_sql, key_columns(plan)), "occurrence"]),
        }
        defaults["order_id"] = _default_order_id(plan, mapped.get("order_line_id", defaults["order_line_id"]))
        # No discount is 0; one that cannot be read is none at all, so that its row is rejected.
        for name in mapped.keys() & set(discounts):
            text = _origin_text(plan, plan.mapping[name])
            mapped[name] = f"case when {{{{ {text} }}}} is null then {defaults[name]} else {mapped[name]} end"
        if "store_id" in mapped:
            mapped["store_id"] = f"coalesce({mapped['store_id']}, {defaults['store_id']})"
        mapped["line_type"] = _line_type_sql(plan)
        if dressed := _text_amounts(plan):
            columns = ", ".join(argument(column_sql(column)) for column in dressed)
            mapped["currency"] = f"{{{{ dmp.currency_held({_currency_call(plan)}, [{columns}]) }}}}"
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
    """Return the SQL of a field: an id with what stands before it, else see `kind_sql`."""
    if kind != "id":
        return kind_sql(plan, kind, origin)
    if plan.contract == "order_lines" and name == "product_id" and "product_name" in plan.mapping:
        # What has no number of its own goes by its name.
        named = plan.mapping["product_name"]
        if origin.columns and not origin.is_joined and named.columns:
            origin = Origin(columns=tuple(dict.fromkeys([*origin.columns, *named.columns])))
    before = plan.namespace if name in _SHARED else plan.own_namespace
    macro = "parse_customer_id" if name == "customer_id" else "parse_id"
    return f"{{{{ dmp.namespaced_id('{before}', {_origin_text(plan, origin, macro)}) }}}}"


def kind_sql(plan: Plan, kind: str | None, origin: Origin) -> str:
    """Return the SQL that reads an origin's values as those of a kind."""
    value = argument(_origin_sql(plan, origin))
    column = origin.columns[0] if origin.columns else ""
    time_format = argument(plan.time_formats.get(column, "iso"))
    mark = argument(plan.decimal_marks.get(column, "."))
    is_whole = bool(origin.columns) and all(plan.columns[each].is_whole for each in origin.columns)
    text = f"{{{{ {_origin_text(plan, origin, 'parse_id' if is_whole else 'parse_text')} }}}}"
    amount = f"{{{{ dmp.parse_amount({value}, {mark}) }}}}"
    if plan.declared.minor_units:
        amount = f"{{{{ dmp.parse_minor_units({value}, {_currency_call(plan)}, {mark}) }}}}"
    if origin.is_summed:
        order = ", ".join(model_sql(column_sql(column)) for column in plan.mapping["order_id"].columns)
        amount = f"cast(sum({amount}) over (partition by _load_id, {order}) as {AMOUNT_TYPE})"
    zone = "UTC" if plan.declared.utc_times else plan.time_zone or "UTC"
    time = f"{{{{ dmp.parse_time({value}, {time_format}, '{zone}') }}}}"
    if "time_zone" in plan.mapping and not plan.declared.utc_times:
        time = f"{{{{ dmp.parse_time_by_zone({value}, {time_format}, {_zone_call(plan)}) }}}}"
    return {
        **dict.fromkeys(("text", *CONTACT), text),
        "currency": f"{{{{ dmp.parse_currency({_origin_text(plan, origin)}) }}}}",
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
        other = kind_sql(plan, "line_type", plan.mapping["line_type"])
    else:
        named = [plan.mapping[name] for name in ("product_id", "product_name") if name in plan.mapping]
        other = f"{{{{ dmp.line_type_by_words([{', '.join(_origin_text(plan, each) for each in named)}]) }}}}"
    if not plan.declared.line_type:
        return other
    rules = [f"when {_rule_sql(plan, rule)} then '{rule.type}'" for rule in plan.declared.line_type]
    return "\n        ".join(["case", *(f"    {each}" for each in [*rules, f"else {other}"]), "end"])


def _rule_sql(plan: Plan, rule: LineTypeRule) -> str:
    text = text_call(plan, rule.column)
    lower = f"lower({{{{ {text} }}}})"
    conditions = [f"{lower} in ({_values(rule.values)})"] if rule.values else []
    conditions += [f"left({lower}, {len(each)}) = {_values([each])}" for each in rule.prefixes]
    if rule.pattern:
        conditions.append(
            f"{{{{ dmp.matches_pattern({text}, {argument(rule.pattern.replace(chr(39), chr(39) * 2))}) }}}}"
        )
    return " or ".join(conditions)


def filter_sql(plan: Plan, row_filter: RowFilter) -> str:
    """Return the condition under which a filter reads a row."""
    text = f"{{{{ {text_call(plan, row_filter.column)} }}}}"
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
    return model_sql(", ".join(literal(value.strip().lower()) for value in values))


def _text_amounts(plan: Plan) -> list[str]:
    """Return the columns with amounts that may have a currency beside them."""
    amounts = columns_of_kinds(plan.contract, plan.declared, "amount")
    return [column for column in amounts if plan.columns[column].data_type == "VARCHAR"]


def _currency_call(plan: Plan) -> str:
    """Return the currency as an argument of a macro."""
    if "currency" in plan.mapping:
        return f"dmp.parse_currency({_origin_text(plan, plan.mapping['currency'])})"
    return argument(_constant(plan.currency))


def _zone_call(plan: Plan) -> str:
    """Return a row's time zone, as an expression of Jinja: that of the column, or where it has none, the one that was said."""
    column = _origin_text(plan, plan.mapping["time_zone"])
    return f"""'coalesce(' ~ {column} ~ {argument(f", '{plan.time_zone}')")}""" if plan.time_zone else column


def _constant(value: str | None) -> str:
    return f"'{value}'" if value else "cast(null as string)"


def needs_occurrence(plan: Plan) -> bool:
    """Return whether rows without an id of their own are told apart by their order."""
    return plan.contract == "order_lines" and "order_line_id" not in plan.mapping


def key_columns(plan: Plan) -> list[str]:
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
    columns = [column_sql(column) for name in ("customer_id", "ordered_at") for column in plan.mapping[name].used]
    customer = f"{{{{ {_origin_text(plan, plan.mapping['customer_id'], 'parse_customer_id')} }}}}"
    return f"case when {customer} is null then {line_id} else {_hashed(plan, 'order', columns)} end"


def _hashed(plan: Plan, what: str, columns: list[str]) -> str:
    return f"{{{{ dmp.hashed_id('{plan.own_namespace}:{what}', [{', '.join(map(argument, columns))}]) }}}}"


def _joined(plan: Plan, what: str, names: list[str]) -> str:
    """Return an id made of the key's values as the source has them; null where one is."""
    parts = " || ':' || ".join(f"{{{{ {_origin_text(plan, plan.mapping[name])} }}}}" for name in names)
    return f"'{plan.own_namespace}:{what}:' || {parts}"


def _origin_sql(plan: Plan, origin: Origin) -> str:
    """Return the value of an origin as the source has it."""
    if origin.value is not None:
        return literal(origin.value)
    names = [column_sql(column) for column in origin.columns]
    if origin.time:
        day = names[0]
        if plan.time_formats.get(origin.columns[0], "iso").startswith("iso"):
            day = f"left(cast({day} as string), 10)"
        return f"{day} || ' ' || {column_sql(origin.time)}"
    if len(names) == 1:
        return names[0]
    return " || ':' || ".join(names) if origin.is_joined else f"coalesce({', '.join(names)})"


def _origin_text(plan: Plan, origin: Origin, macro: str = "parse_text") -> str:
    """Return an origin's value as text, or as what a macro makes of it, as an expression of Jinja."""
    if origin.value is not None or origin.time:
        return f"dmp.{macro}({argument(_origin_sql(plan, origin))})"
    calls = [text_call(plan, column, macro) for column in origin.columns]
    if len(calls) == 1:
        return calls[0]
    between = "' || \\':\\' || '" if origin.is_joined else "', '"
    return f"""'{"" if origin.is_joined else "coalesce"}(' ~ {f" ~ {between} ~ ".join(calls)} ~ ')'"""


def text_call(plan: Plan, column: str, macro: str = "parse_text", place: tuple[str, str] | None = None) -> str:
    """Return the macro call for a column as text; a whole number that a file keeps as a float loses its point."""
    name = qualified(*place) if place else column_sql(column)
    if plan.columns[column].data_type in ("DOUBLE", "FLOAT"):
        if macro == "parse_text":
            return f"dmp.parse_text(dmp.float_text({argument(name)}))"
        name = f"try_cast({name} as bigint)"
    options = ", true" if plan.declared.strip_zeros and macro != "parse_text" else ""
    if macro == "parse_customer_id" and plan.declared.nobody:
        options += f", nobody=[{', '.join(map(argument, plan.declared.nobody))}]"
    return f"dmp.{macro}({argument(name)}{options})"


def qualified(table: str, column: str) -> str:
    """Return a column of a named table as SQL."""
    return f"{column_sql(table)}.{column_sql(column)}"


def column_sql(column: str) -> str:
    """Return a column's name as SQL; only where it must be, in quotes."""
    is_plain = re.fullmatch(r"[a-z_][a-z0-9_]*", column) and column not in _keywords()
    return column if is_plain else quoted(column)


@cache
def _keywords() -> frozenset[str]:
    rows = duckdb.sql("select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'").fetchall()
    return frozenset(name for (name,) in rows)


def model_sql(sql: str) -> str:
    """Return SQL that a model may hold outside of Jinja: as it is, unless Jinja would read something in it."""
    return f"{{{{ {argument(sql)} }}}}" if _JINJA.search(sql) else sql


def argument(sql: str) -> str:
    """Return SQL as the argument of a macro."""
    escaped = sql.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def line_discounts(columns: Iterable[str]) -> list[str]:
    """Return the columns with discounts of a line, not of its whole order."""
    return [name for name in columns if name.endswith("discount_amount") and not name.startswith("order_")]
