"""How long it takes to judge everybody by every audience: ``python -m benchmarks.audiences``.

Two hundred audiences of every kind of condition over 250,000 customers with 15 million events and 2.5 million orders; twice, as on
two days in a row, so that the second run tells who entered and left and why. Then the same with the ready audiences on a home that
was built, if there is one (``--home``). Prints seconds of the wall and of the processors, and the highest memory.
"""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import tempfile
import time
from pathlib import Path

import duckdb

from dmp_assets.audiences.assets import audiences_step
from dmp_assets.audiences.build import build_audiences
from dmp_assets.audiences.define import load_audiences
from dmp_assets.platform.checks import validate, validate_stored
from dmp_assets.platform.history import add_to_history
from dmp_assets.platform.warehouse import replace_table

DAY = dt.date(2018, 1, 1)
NAMES = ("Product Viewed", "Product Added", "Products Searched", "Cart Viewed", "Checkout Started", "Home")
CHANNELS = ("email", "organic_search", "paid_search", "paid_social", "direct")
DEPARTMENTS = 40


def shop(connection: duckdb.DuckDBPyConnection, customers: int, events: int, orders: int) -> None:
    """Fill a warehouse with what audiences are judged by."""
    name = f"list_extract({list(NAMES)}, 1 + cast(hash(n * 3) % {len(NAMES)} as integer))"
    channel = f"list_extract({list(CHANNELS)}, 1 + cast(hash(n * 5) % {len(CHANNELS)} as integer))"
    at = "timestamp '2017-01-01' + to_seconds(cast(hash(n * 7) % 31536000 as bigint))"
    who = f"'shop:' || (hash(n * 11) % {customers})"
    numbers = ", ".join(f"cast(hash(n * {seed}) % 1000 as double) / 1000 as score_{seed}" for seed in range(1, 31))
    connection.execute(
        f"""
        create schema marts; create schema profiles; create schema forecasts; create schema recommendations;
        create table marts.dim_customers as
            select 'shop:' || n as customer_id, 'shop' as source, false as is_simulated from range({customers}) as r(n);
        create table marts.customer_features as
            select 'shop:' || n as customer_id, date '{DAY}' as as_of_on, cast(hash(n) % 400 as integer) as recency_days,
                cast(hash(n * 2) % 1000 as integer) as tenure_days, {numbers} from range({customers}) as r(n);
        create table profiles.customer_profiles as
            select customer_id, as_of_on, recency_days, score_1 as churn_probability, score_2 * 500 as expected_amount_28d,
                list_extract(['gold', 'silver', 'bronze', 'basic'], 1 + cast(score_3 * 3.99 as integer) % 4) as loyalty_tier,
                list_extract(['new', 'active', 'slipping', 'lapsed'], 1 + cast(score_4 * 3.99 as integer) % 4) as lifecycle_stage,
                score_5 as discount_share
            from marts.customer_features;
        create table profiles.loyalty_status as
            select customer_id, 'gold' as next_tier, score_6 as missing_amount, score_7 as missing_weeks, score_8 as held_weeks
            from marts.customer_features;
        create table marts.contact_permissions as
            select customer_id, 'marketing' as purpose, 'email' as channel, hash(customer_id) % 3 > 0 as is_allowed
            from marts.dim_customers
            union all select customer_id, 'analytics', 'any', hash(customer_id) % 50 > 0 from marts.dim_customers;
        create table marts.customer_identifiers as
            select customer_id as identifier_id, 'customer' as kind, customer_id from marts.dim_customers;
        create table marts.dim_products as
            select 'p' || n as product_id, 'D' || (n % {DEPARTMENTS}) as department, 'C' || (n % 200) as product_category
            from range(20000) as r(n);
        create table marts.fct_orders as
            select 'o' || n as order_id, {who} as customer_id, cast({at} as date) as order_on, {at} as ordered_at,
                cast(hash(n * 13) % 10000 as decimal(12, 2)) / 100 as sales_amount, cast(null as varchar) as original_order_id,
                true as has_sale from range({orders}) as r(n);
        create table marts.fct_order_lines as
            select 'l' || n as order_line_id, {who} as customer_id, cast({at} as date) as order_on, {at} as ordered_at,
                'p' || (hash(n * 17) % 20000) as product_id, cast(hash(n * 13) % 2000 as decimal(12, 2)) / 100 as sales_amount
            from range({orders * 2}) as r(n);
        create table marts.fct_events as
            select 'e' || n as event_id, {who} as customer_id, cast({at} as date) as occurred_on, {at} as occurred_at,
                {name} as event_name, {channel} as channel, 'p' || (hash(n * 19) % 20000) as product_id, false as is_bot
            from range({events}) as r(n);
        """
    )


def rule(number: int) -> str:
    """Return the conditions of one audience: every kind in turn, no two of them alike."""
    days, count = 7 + number % 180, 1 + number % 6
    name = NAMES[number % len(NAMES)]
    named = f"{{column: event_name, operator: '=', value: {name}}}"
    kinds = (
        f"{{measure: count, of: events, where: {named}, within: {{last_days: {days}}}, operator: '>=', value: {count}}}",
        f"{{measure: count, of: orders, within: {{last_days: {days}}}, operator: '>=', value: {count}}}",
        f"{{column: score_{1 + number % 30}, operator: '>=', value: 0.{10 + number % 80}}}",
        f"{{measure: sum, of: order_lines, column: sales_amount, where: {{column: department, operator: '=', "
        f"value: D{number % DEPARTMENTS}}}, within: {{last_days: {days}}}, operator: '>', value: {number}}}",
        f"{{top_percent: {1 + number % 30}, by: expected_amount_28d}}",
        f"{{measure: days since last, of: events, where: {named}, operator: '<', value: {days}}}",
        f"{{column: recency_days, operator: between, value: [{number % 50}, {50 + number}]}}",
        f"{{sequence: [{{of: events, where: {named}, within: {{last_days: {days}}}}}, {{of: orders, missing: true, "
        f"within_days: {count}}}]}}",
        f"{{audience: a{number - 1:03}}}",
        f"{{measure: count different, of: events, column: channel, within: {{last_days: {days}}}, operator: '>=', value: 2}}",
    )
    more = f"{{column: churn_probability, operator: '<', value: 0.{50 + number % 50}}}"
    return f"all:\n  - {kinds[number % len(kinds)]}\n  - {more}\n"


def write_audiences(folder: Path, count: int) -> None:
    """Write files of so many audiences."""
    head = "title: It\ndescription: It.\nowner: marketing\npurpose: marketing\nchannel: email\n"
    for number in range(count):
        (folder / f"a{number:03}.yml").write_text(f"{head}{rule(number)}", encoding="utf-8")


def run(what: str, connection: duckdb.DuckDBPyConnection, folder: Path, as_of_on: dt.date, *, is_kept: bool) -> None:
    """Build the audiences, store and check their tables as the step does, and print what it took."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    start, before = time.monotonic(), usage.ru_utime + usage.ru_stime
    built = build_audiences(connection, load_audiences(folder), as_of_on)
    if built.wrong:
        raise SystemExit("\n".join(built.wrong.values()))
    found = time.monotonic() - start
    if is_kept:
        replace_table(connection, "audiences.audience_members", built.members, {})
        tables, _ = audiences_step(load_audiences(folder))
        for table in tables:
            if table.name == "audience_members":
                outcome = validate_stored(table, connection)
            else:
                store = add_to_history if table.history else replace_table
                store(
                    connection,
                    table.full_name,
                    built.tables[table.name],
                    {},
                    *([table.history] if table.history else []),
                )
                outcome = validate(table, built.tables[table.name])
            if not outcome.passed:
                raise SystemExit(outcome.description)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    ((members,),) = connection.execute(f"select count(*) from ({built.members})").fetchall()
    print(
        f"{what}: {found:.1f} s to find, {time.monotonic() - start:.1f} s with storing and checking, "
        f"{usage.ru_utime + usage.ru_stime - before:.1f} processor seconds, {len(built.tables['audiences'])} audiences, "
        f"{members:,} memberships, {len(built.tables['audience_changes']):,} changes, "
        f"highest memory {usage.ru_maxrss / 1024:,.0f} MiB",
        flush=True,
    )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=250_000)
    parser.add_argument("--events", type=int, default=15_000_000)
    parser.add_argument("--orders", type=int, default=2_500_000)
    parser.add_argument("--audiences", type=int, default=200)
    parser.add_argument("--home", type=Path, help="a built home, to time the ready audiences in")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        audiences = Path(folder) / "audiences"
        audiences.mkdir()
        write_audiences(audiences, given.audiences)
        with duckdb.connect(
            str(Path(folder) / "warehouse.duckdb"), config={"threads": 2, "memory_limit": "8GB"}
        ) as connection:
            shop(connection, given.customers, given.events, given.orders)
            run("the first day", connection, audiences, DAY, is_kept=True)
            tomorrow = DAY + dt.timedelta(days=1)
            for table in ("marts.customer_features", "profiles.customer_profiles"):
                connection.execute(f"update {table} set as_of_on = date '{tomorrow}'")
            run("the day after", connection, audiences, tomorrow, is_kept=True)
    if given.home:
        ready = Path(__file__).parents[1] / "audiences"
        with duckdb.connect(str(given.home / "warehouse.duckdb"), read_only=True) as connection:
            ((as_of_on,),) = connection.execute("select max(as_of_on) from marts.customer_features").fetchall()
            run("the ready audiences", connection, ready, as_of_on, is_kept=False)


if __name__ == "__main__":
    main()
