"""The staging model of a source as SQL: its raw rows, step by step, until they are those of a contract table."""

from __future__ import annotations

from collections.abc import Sequence

from dmp_assets.onboarding.fields import (
    AMOUNT_TYPE,
    argument,
    column_sql,
    expressions,
    filter_sql,
    key_columns,
    kind_sql,
    line_discounts,
    model_sql,
    needs_occurrence,
    qualified,
    text_call,
)
from dmp_assets.onboarding.mapping import Origin
from dmp_assets.onboarding.plan import Plan, column_name
from dmp_assets.sources.declare import PLACE_COLUMNS


def dbt_type(data_type: str) -> str:
    """Return a DuckDB type as the project's yml has it."""
    return "string" if data_type == "VARCHAR" else data_type.lower()


LOAD_TYPES = {name: dbt_type(kind) for name, kind in PLACE_COLUMNS.items()}
"""Where a row comes from: columns of every staging model, with their types."""


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
            f"        {'and ' if number else ''}{filter_sql(plan, each)}" for number, each in enumerate(declared.where)
        ]
        ctes.append(("kept", ["    select *", f"    from {ctes[-1][0]}", "    where", *conditions]))
    if needs_occurrence(plan):
        key = ", ".join(model_sql(column_sql(column)) for column in key_columns(plan))
        numbered = [
            "    -- Equal rows of one load are told apart by their order; the same rows in another load are the same lines.",
            "    select",
            "        *,",
            f"        row_number() over (partition by _load_id{', ' if key else ''}{key} order by _row) as occurrence",
            f"    from {ctes[-1][0]}",
        ]
        ctes.append(("numbered", numbered))
    columns = [*plan.contract_table.types, *LOAD_TYPES]
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
    columns = [model_sql(column_sql(column)) for column in dict.fromkeys([*keys, *used])]
    key = ", ".join(argument(column_sql(column)) for column in keys)
    return column_sql(file), [
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
        used = [*(model_sql(column_sql(column)) for column in _used(plan)), *LOAD_TYPES]
        return ["    select", *_listed(used), f"    from {relation}"]
    own = column_sql(plan.table)
    of_file = {
        column_name(file, each.name): (file, each.name) for file, table in plan.joined.items() for each in table.columns
    }
    selected = [
        f"{qualified(*of_file[column])} as {model_sql(column_sql(column))}"
        if column in of_file
        else qualified(plan.table, column)
        for column in _used(plan)
    ]
    selected += [f"{own}.{column}" for column in LOAD_TYPES]
    joins = []
    for file, join in plan.declared.join.items():
        for number, (here, there) in enumerate(join.on.items()):
            left = text_call(plan, here, "join_id", of_file.get(here, (plan.table, here)))
            right = text_call(plan, column_name(file, there), "parse_id", (file, there))
            joins.append(
                f"    {'and' if number else f'left join {column_sql(file)} on'} {{{{ {left} }}}} = {{{{ {right} }}}}"
            )
    return ["    select", *_listed(selected), f"    from {relation} as {own}", *joins]


def _filled_lines(plan: Plan, relation: str) -> list[str]:
    """Return the columns of a relation, with those of an order on each of its rows."""
    order = ", ".join(model_sql(column_sql(column)) for column in plan.mapping["order_id"].columns)
    lines = []
    for column in _used(plan):
        name = column_sql(column)
        if column in plan.declared.fill_down:
            value = (
                f"{{{{ dmp.parse_text({argument(name)}) }}}}"
                if plan.columns[column].data_type == "VARCHAR"
                else model_sql(name)
            )
            lines.append(f"coalesce({value}, max({value}) over (partition by _load_id, {order})) as {model_sql(name)}")
        else:
            lines.append(model_sql(name))
    return [
        "    -- What stands on one row of an order only, holds for all of its rows.",
        "    select",
        *_listed([*lines, *LOAD_TYPES]),
        f"    from {relation}",
    ]


def _renamed_lines(plan: Plan, relation: str) -> list[str]:
    sql = expressions(plan)
    lines = [f"{sql[column]} as {column}" for column in plan.contract_table.types]
    if plan.declared.returned:
        returned = plan.declared.returned
        quantity = kind_sql(plan, "quantity", Origin(columns=(returned.quantity,)))
        amount = (
            kind_sql(plan, "amount", Origin(columns=(returned.amount,)))
            if returned.amount
            else f"cast(null as {AMOUNT_TYPE})"
        )
        at = kind_sql(plan, "time", Origin(columns=(returned.at,))) if returned.at else "cast(null as timestamp)"
        lines += [f"{quantity} as returned_quantity", f"{amount} as returned_amount", f"{at} as returned_at"]
    if plan.rule.deleted_at:
        lines.append(f"{{{{ dmp.is_deleted({argument(column_sql(plan.rule.deleted_at))}) }}}} as is_deleted")
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
    amount = (
        "coalesce(-returned_amount, -sales_amount * cast(returned_quantity as decimal(20, 3)) / nullif(quantity, 0))"
    )
    of_return = {
        "order_line_id": "order_line_id || ':return'",
        "original_order_id": "order_id",
        "ordered_at": "coalesce(returned_at, ordered_at)",
        "line_type": "'return'",
        "quantity": "-returned_quantity",
        "sales_amount": f"cast({amount} as {AMOUNT_TYPE})",
        **dict.fromkeys(line_discounts(kinds), f"cast(0 as {AMOUNT_TYPE})"),
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
