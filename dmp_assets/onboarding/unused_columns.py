"""What columns that nothing reads say of order lines: whose they are, that they came back, that they are no purchases at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import get_args

from dmp_assets.dbt.contract_tables import known_names, plain
from dmp_assets.onboarding.inspection import Column
from dmp_assets.onboarding.mapping import LineType
from dmp_assets.onboarding.plan import Plan

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\dA-Z_]+|\d+")
_SHOWN = 4
_NO_SALE = re.compile(
    r"cancel|void|annul|anulad|anulowan|storn|geannuleerd|avbrut|отмен|取消|キャンセル|refund|return|retour|rückgabe|erstatt|rembours|"
    r"reembols|devol|rimbors|zwrot|возврат|退款|退货|返品|返金|fail|declin|denied|reject|fraud|abandon|expired",
    re.IGNORECASE,
)
"""In the value of a status: the row was not sold, or came back."""
_CAME_BACK = re.compile(
    r"refund|return|retour|rückgabe|erstatt|rembours|reembols|devol|rimbors|zwrot|возврат|退款|退货|返品|返金",
    re.IGNORECASE,
)
"""In the name of a column with numbers: they count what came back."""
_BOUGHT = {
    "buy",
    "bought",
    "purchase",
    "purchased",
    "transaction",
    "order",
    "ordered",
    "order_completed",
    "checkout_completed",
}
_LOOKED = {
    *("view", "pageview", "page_view", "view_item", "product_view", "pv", "click", "cart", "addtocart", "add_to_cart", "cart_add"),
    *("remove_from_cart", "fav", "favorite", "wishlist", "impression", "search", "session_start", "begin_checkout"),
}  # fmt: skip


def unused_doubts(plan: Plan) -> list[str]:
    """Return what speaks against leaving columns unused, in words, each with the flag that settles it."""
    if plan.contract != "order_lines":
        return []
    unused = [each for each in plan.raw.columns if each.name not in plan.declared.used and each.filled]
    return [*_open_ids(plan, unused), *_kinds_of_rows(plan, unused), *_came_back(plan, unused)]


def nobody_notes(plan: Plan) -> list[str]:
    """Return that a plan's lines are nobody's, in words, where no column tells the customer."""
    if plan.contract != "order_lines" or "customer_id" in plan.mapping:
        return []
    return [
        "no column tells the customer: these lines count in sales and are in nobody's profile; if one does, say --map "
        "customer_id=COLUMN"
    ]


def _open_ids(plan: Plan, unused: Sequence[Column]) -> list[str]:
    """Return which columns may be the customer or the order, where none is taken for it."""
    doubts = []
    for field in ("customer_id", "order_id"):
        if field in plan.mapping:
            continue
        names = set(known_names(plan.contract, field))
        likely = [each.name for each in unused if _ends_as_one_of(each.name, names)]
        if field == "customer_id":
            likely += [name for name, kind in plan.rule.identifiers.items() if kind == "email" and name not in likely]
        if likely:
            doubts.append(
                f"no column is taken for {field}, but {' or '.join(likely[:_SHOWN])} may tell it: say --map "
                f"'{field}={likely[0]}', or --accept-doubts if none does"
            )
    return doubts


def _ends_as_one_of(column: str, names: set[str]) -> bool:
    """Return whether a name ends with several words that make a known name, such as ``amazon-order-id``."""
    words = [word.lower() for word in _WORDS.findall(column)]
    return any("".join(words[start:]) in names for start in range(1, len(words) - 1))


def _kinds_of_rows(plan: Plan, unused: Sequence[Column]) -> list[str]:
    """Return which columns tell sales from other rows, as long as no filter and no line type was said."""
    if plan.declared.where or plan.declared.line_type or "line_type" in plan.mapping:
        return []
    doubts = []
    types = set(known_names(plan.contract, "line_type"))
    for column in unused:
        name, values = column.name, {value.lower(): value for value in column.values}
        bought, looked = sorted(values.keys() & _BOUGHT), sorted(values.keys() & _LOOKED)
        no_sales = [value for value in column.values if _NO_SALE.search(value)]
        if bought and looked:
            doubts.append(
                f"{name} tells purchases ({', '.join(values[each] for each in bought)}) from other events "
                f"({', '.join(values[each] for each in looked[:_SHOWN])}), and all of them would count as sales: say --where "
                f"'{name}={','.join(values[each] for each in bought)}'"
            )
        elif plain(name) in types:
            doubts.append(
                f"{name} has {', '.join(column.values[:_SHOWN])}, which are no types of lines here "
                f"({', '.join(get_args(LineType))}): if they tell sales from other rows, say --where '{name}=VALUE' or --line-type "
                f"'{name}=VALUE:TYPE'"
            )
        elif no_sales and len(no_sales) < len(column.values):
            doubts.append(
                f"{name} has {', '.join(no_sales[:_SHOWN])}, and such rows would count as sales: say --line-type "
                f"'{name}={','.join(no_sales)}:void' if nothing was sold, :return if it came back, or --accept-doubts if "
                "they are sales"
            )
    return doubts


def _came_back(plan: Plan, unused: Sequence[Column]) -> list[str]:
    """Return which columns have numbers of what came back."""
    if plan.declared.returned or "order_refunded_amount" in plan.mapping:
        return []
    counted = [
        each.name for each in unused if each.guess == "number" and _CAME_BACK.search(each.name) and _has_any(each)
    ]
    return [
        f"{name} is not used, so what came back counts as sold: say --map 'order_refunded_amount={name}' if it is the amount that "
        "was paid back for an order, or `returned` in a mapping of your own (--like ./my.yml) if it belongs to the line"
        for name in counted
    ]


def _has_any(column: Column) -> bool:
    """Return whether a column of numbers has another than zero."""
    return column.distinct > 1 or any(re.search("[1-9]", value) for value in column.values)
