"""What the first rows of a source say of its ids and amounts, in words, beside what becomes of them."""

from __future__ import annotations

import re

import duckdb

from dmp_assets.onboarding.plan import Plan
from dmp_assets.platform.money import currency_digits
from dmp_assets.platform.warehouse import literal, quoted
from dmp_assets.sources.declare import RAW

_WORDS = 6
_TELLING = 4  # rows
_CENTS = 100
_ALMOST_ALL = 0.9  # of the orders
_PRICE = re.compile("price|preis|prix|preci|prezz|preço|prijs|cena|pris|цена|价|価格", re.IGNORECASE)
_WAYS = {
    "leading zeros": "^0[0-9]+$",
    "decimal point": "^[0-9]+[.]00?$",
    "scientific": "^[0-9]([.,][0-9]+)?[eE][+][0-9]+$",
    "protected from a spreadsheet": "^('|=\")",
    "accents apart from their letters": "[\u0300-\u036f]",
}


def id_notes(connection: duckdb.DuckDBPyConnection, plan: Plan, relation: str) -> list[str]:
    """Return what is to be known of a plan's ids, in words: values that mean nothing or are damaged, and ways of writing."""
    raw = f"{RAW}.{quoted(f'{plan.source}__{plan.table}')}"
    own = {column.name for column in plan.raw.columns}
    notes = [_left_out(connection, plan, raw)] if plan.declared.where else []
    is_mixed = False
    for name, origin in plan.mapping.items():
        if plan.contract_table.columns[name].kind != "id" or len(origin.used) != 1 or origin.used[0] not in own:
            continue
        text = f"trim(cast(raw.{quoted(origin.used[0])} as varchar))"
        lost = connection.execute(
            f"select coalesce(nullif({text}, ''), 'empty'), count(*) from {relation} as read join {raw} as raw "
            f"using (_file, _row) where read.{name} is null group by 1 order by 2 desc, 1"
        ).fetchall()
        ((total,),) = connection.execute(f"select count(*) from {raw}").fetchall()
        if lost:
            words = ", ".join(f"{value} {count:,}" for value, count in lost[:_WORDS])
            what = "customer_id that means nobody" if name == "customer_id" else f"{name} that means nothing"
            notes.append(
                f"{sum(count for _, count in lost):,} of {total:,} rows have a {what} ({words}{', ...' * (len(lost) > _WORDS)})"
            )
        counts = ", ".join(f"count(*) filter (regexp_matches({text}, {literal(form)}))" for form in _WAYS.values())
        ways = zip(_WAYS, connection.execute(f"select {counts} from {raw} as raw").fetchall()[0], strict=True)
        written = [f"{way} {count:,}" for way, count in ways if count and count < total]
        if written:
            notes.append(f"{name} is written in several ways ({', '.join(written)})")
            is_mixed = True
    if is_mixed:
        notes.append(
            "zeros before an id stay unless you say --strip-zeros; 17.0 is 17; one in scientific notation has lost its "
            "digits, and its row is rejected (damaged_id); letters with accents apart are other letters"
        )
    return notes


def currency_notes(connection: duckdb.DuckDBPyConnection, plan: Plan) -> list[str]:
    """Return which other currencies stand beside amounts, so that their rows are rejected, and what to say."""
    if plan.contract != "order_lines":
        return []
    found = connection.execute(
        "select split_part(currency, ' or ', 1), split_part(currency, ' or ', 2), count(*) "
        "from intermediate.int_order_lines_checked where reject_reason = 'contradictory_currency' group by all order by 3 desc, 2"
    ).fetchall()
    columns = plan.mapping["sales_amount" if "sales_amount" in plan.mapping else "unit_price"].columns
    return [
        f"{rows:,} rows are in {declared}, but {beside} stands beside their amounts: say --currency {_code(beside)} if all are in "
        f"it, or --map 'currency={'|'.join(columns)}' if each row tells its own"
        for declared, beside, rows in found
    ]


def _code(beside: str) -> str:
    """Return the ISO 4217 code of what stands beside an amount: the code itself, or that of which it is the usual sign."""
    from babel.numbers import get_currency_symbol, list_currencies

    signs = {
        get_currency_symbol(code, locale="en").lower(): code for code in sorted(list_currencies("en"), reverse=True)
    }
    return signs.get(beside.lower(), beside.upper() if len(beside) == len("EUR") else "CODE")


def amount_doubts(connection: duckdb.DuckDBPyConnection, plan: Plan) -> list[str]:
    """Return what speaks against the reading of amounts, in words: a total that looks like a price, whole numbers like cents."""
    if plan.contract != "order_lines":
        return []
    notes = []
    relation = f"staging.{plan.model}"
    if {"sales_amount", "quantity"} <= plan.mapping.keys() and "unit_price" not in plan.mapping:
        ((products, constant),) = connection.execute(
            f"""
            with by_product as (
                select count(distinct abs(quantity)) as quantities, count(distinct abs(sales_amount)) as amounts
                from {relation} where quantity <> 0 and sales_amount <> 0 group by product_id
            )
            select count(*), count(*) filter (where amounts = 1) from by_product where quantities > 1
            """
        ).fetchall()
        if products and constant > products / 2:
            notes.append(
                f"{plan.mapping['sales_amount']} is the same whatever the quantity, for {constant:,} of {products:,} products "
                "bought in several quantities: if it is the price of one piece, say --map unit_price=COLUMN instead of sales_amount"
            )
    if {"unit_price", "quantity"} <= plan.mapping.keys() and "sales_amount" not in plan.mapping:
        notes += _totals_for_prices(connection, plan)
    if {"sales_amount", "order_id"} <= plan.mapping.keys():
        notes += _totals_of_orders(connection, plan)
    notes += pieces_for_money(plan)
    amounts = [name for name in ("sales_amount", "unit_price") if name in plan.mapping]
    own = {column.name for column in plan.raw.columns}
    texts = [each for name in amounts for each in plan.mapping[name].columns if each in own]
    with_point = " or ".join(
        f"regexp_matches(cast({quoted(each)} as varchar), '[.,][0-9]{{1,2}}([^0-9]|$)')" for each in texts
    )
    ((pointed,),) = connection.execute(
        f"select count(*) from {RAW}.{quoted(f'{plan.source}__{plan.table}')} where {with_point or 'true'}"
    ).fetchall()
    ((rows, smallest),) = connection.execute(
        f"select count(*), min(abs({amounts[0]})) from {relation} where {amounts[0]} <> 0"
    ).fetchall()
    has_cents = plan.currency is None or currency_digits(plan.currency) > 0
    if has_cents and not pointed and not plan.declared.minor_units and rows >= _TELLING and smallest >= _CENTS:
        notes.append(
            "all amounts are whole numbers of three digits or more: if they are in cents or the like, say --minor-units"
        )
    return notes


def _totals_for_prices(connection: duckdb.DuckDBPyConnection, plan: Plan) -> list[str]:
    """Return in words that what is taken for the price of one piece grows with the quantity, as a total does."""
    ((products, growing),) = connection.execute(
        f"""
        with by_product as (
            select count(distinct quantity) as quantities, count(distinct unit_price) as prices,
                max(unit_price / quantity) - min(unit_price / quantity) < 0.01 as is_growing
            from staging.{plan.model} where quantity > 0 and unit_price > 0 group by product_id
        )
        select count(*), count(*) filter (where prices > 1 and is_growing) from by_product where quantities > 1
        """
    ).fetchall()
    if not products or growing <= products / 2:
        return []
    column = plan.mapping["unit_price"]
    return [
        f"{column} grows with the quantity, for {growing:,} of {products:,} products bought in several quantities: if it is what "
        f"all pieces cost, say --map 'sales_amount={column}' instead of unit_price"
    ]


def _totals_of_orders(connection: duckdb.DuckDBPyConnection, plan: Plan) -> list[str]:
    """Return in words that the amount of a line is the same on all lines of its order, as an order's total is."""
    ((orders, constant),) = connection.execute(
        f"""
        with by_order as (
            select count(distinct sales_amount) as amounts from staging.{plan.model} where sales_amount <> 0
            group by order_id having count(distinct product_id) > 1
        )
        select count(*), count(*) filter (where amounts = 1) from by_order
        """
    ).fetchall()
    if orders < _TELLING or constant <= orders * _ALMOST_ALL:
        return []
    column = plan.mapping["sales_amount"]
    return [
        f"{column} is the same on all lines of an order, for {constant:,} of {orders:,} orders of several products: if it is what "
        f"the whole order cost, say --map 'order_total_amount={column}', and with --map sales_amount=COLUMN or --map "
        "unit_price=COLUMN which column has what is the line's"
    ]


def pieces_for_money(plan: Plan) -> list[str]:
    """Return in words that what is taken for the amount may count pieces: whole numbers, no quantity, a price that is not used."""
    found = {column.name: column for column in plan.raw.columns}
    taken = (
        [found[name] for name in plan.mapping["sales_amount"].columns if name in found]
        if "sales_amount" in plan.mapping
        else []
    )
    used = {name for origin in plan.mapping.values() for name in origin.used}
    prices = [
        name for name, each in found.items() if name not in used and each.guess == "number" and _PRICE.search(name)
    ]
    is_open = not {"quantity", "unit_price"} & plan.mapping.keys()
    if not (is_open and prices and taken and all(each.digits == 0 for each in taken)):
        return []
    column, price = taken[0].name, prices[0]
    return [
        f"{column} has whole numbers only and {price} is not used: if {column} counts pieces, say --map quantity={column} and "
        f"--map unit_price={price} (the price of one) or --map sales_amount={price} (that of all)"
    ]


def _left_out(connection: duckdb.DuckDBPyConnection, plan: Plan, raw: str) -> str:
    """Return how many rows the filters leave out, in words."""
    ((total, kept),) = connection.execute(
        f"select count(*), count(read._row) from {raw} as raw "
        f"left join (select distinct _file, _row from staging.{plan.model}) as read using (_file, _row)"
    ).fetchall()
    return f"{total - kept:,} of {total:,} rows are left out: read are those where {' and '.join(map(str, plan.declared.where))}"
