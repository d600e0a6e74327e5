"""A small warehouse whose customers audiences judge."""

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import duckdb
import pandas as pd

from dmp_assets.audiences.build import build_audiences
from dmp_assets.audiences.define import load_audiences
from dmp_assets.audiences.schema import AUDIENCE_MEMBERS
from dmp_assets.platform.emptiness import as_table
from dmp_assets.platform.history import History, add_to_history
from dmp_assets.platform.warehouse import has_table, replace_table
from tests.unit.persons import write_persons

DAY = dt.date(2018, 1, 1)

HISTORIES = ("audience_changes", "audience_counts")
HEAD = "title: It\ndescription: Whoever.\nowner: marketing\n"
REACHED = f"{HEAD}purpose: marketing\nchannel: email\n"


def write(folder: Path, name: str, rule: str, *, head: str = HEAD) -> Path:
    """Write a file of an audience; the rule is YAML of the list under `all`."""
    path = folder / f"{name}.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{head}all:\n  - {rule}\n", encoding="utf-8")
    return path


def at_least(orders: int) -> str:
    return f'{{measure: count, of: orders, operator: ">=", value: {orders}}}'


def warehouse(
    customers: Mapping[str, Mapping],
    orders: Iterable[tuple[str, str, float]] = (),
    *,
    refuse_email: Iterable[str] = (),
    as_of_on: dt.date = DAY,
    into: duckdb.DuckDBPyConnection | None = None,
) -> duckdb.DuckDBPyConnection:
    """Return a connection to a warehouse.

    Args:
        customers: by id the values of recency_days, tier, tenure_days, is_simulated, vector that are known.
        orders: customer, day and amount.
        refuse_email: who may not be reached by e-mail; everybody else may.
        as_of_on: the as-of date of the features.
        into: the warehouse to change; what the audiences made before stays.
    """
    connection = into or duckdb.connect()
    for schema in ("marts", "profiles", "forecasts", "recommendations"):
        connection.execute(f"create schema if not exists {schema}")
    write_persons(connection, customers)
    rows = [
        (
            key,
            of.get("recency_days"),
            of.get("tier"),
            of.get("tenure_days"),
            of.get("is_simulated", False),
            key not in set(refuse_email),
        )
        for key, of in sorted(customers.items())
    ]
    connection.execute(
        "create or replace temp table people (customer_id varchar, recency_days integer, loyalty_tier varchar, "
        "tenure_days integer, is_simulated boolean, may_email boolean)"
    )
    if rows:
        connection.executemany("insert into people values (?, ?, ?, ?, ?, ?)", rows)
    connection.execute(
        f"""
        create or replace table marts.dim_customers as select customer_id, 'shop' as source, is_simulated from people;
        create or replace table marts.customer_features as
            select customer_id, date '{as_of_on}' as as_of_on, recency_days, tenure_days, 'x' as favourite_department from people;
        create or replace table profiles.customer_profiles as
            select customer_id, date '{as_of_on}' as as_of_on, recency_days, loyalty_tier, recency_days as cluster_id from people;
        create or replace table profiles.loyalty_status as
            select customer_id, 'gold' as next_tier, 1.0 as missing_amount, 1.0 as missing_weeks, 1.0 as held_weeks from people;
        create or replace table marts.contact_permissions as
            select customer_id, 'marketing' as purpose, 'email' as channel, may_email as is_allowed,
                cast(null as timestamp) as decided_at, 'default' as reason from people
            union all
            select customer_id, 'analytics', 'any', true, null, 'default' from people;
        create or replace table marts.fct_orders (
            order_id varchar, customer_id varchar, order_on date, ordered_at timestamp, sales_amount decimal(12, 2),
            original_order_id varchar, has_sale boolean, source_customer_id varchar
        );
        """
    )
    content = [(f"o{n}", who, day, day, amount, None, True, who) for n, (who, day, amount) in enumerate(orders)]
    if content:
        connection.executemany("insert into marts.fct_orders values (?, ?, ?, ?, ?, ?, ?, ?)", content)
    return connection


class Made(NamedTuple):
    """The tables of the layer as one run made them, and what is wrong with which audience."""

    tables: dict[str, pd.DataFrame]
    wrong: Mapping[str, str]


def build(connection: duckdb.DuckDBPyConnection, folder: Path, as_of_on: dt.date = DAY) -> Made:
    """Build the audiences of a folder and store their tables, as the step does."""
    built = build_audiences(connection, load_audiences(folder), as_of_on)
    found = connection.execute(built.members).df().sort_values(["audience", "customer_id"], ignore_index=True)
    tables = {**built.tables, "audience_members": as_table(found, AUDIENCE_MEMBERS)}
    if has_table(connection, "audiences.audience_changes"):
        connection.execute(f"delete from audiences.audience_changes where as_of_on = date '{as_of_on}'")
    for name, table in tables.items():
        if name in HISTORIES:
            add_to_history(connection, f"audiences.{name}", table, {}, History())
        else:
            replace_table(connection, f"audiences.{name}", table, {})
    return Made(tables, built.wrong)
