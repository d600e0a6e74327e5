"""A small shop in DuckDB whose customers are judged: for tests of rules over related rows."""

import datetime as dt
from collections.abc import Iterable, Mapping

import duckdb
import pandas as pd

from dmp_assets.rules.check import check
from dmp_assets.rules.conditions import Conditions
from dmp_assets.rules.judge import Judgement, judge
from dmp_assets.rules.subject import Column, Related, Subject

AS_OF = dt.date(2018, 1, 1)

Row = tuple[str | None, dt.datetime, str, float | None]
"""customer, instant, name, amount."""


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"2017-{text}")


def shop(
    customers: Mapping[str, Mapping], events: Iterable[Row] = (), orders: Iterable[Row] = ()
) -> tuple[duckdb.DuckDBPyConnection, dict[str, Related]]:
    """Return a connection to a shop, and what is related to its customers.

    `customers`: for each id the values of age, city, spend, born_on, vector that are known.
    """
    connection = duckdb.connect()
    columns = ["id", "age", "city", "spend", "born_on", "vector"]
    frame = pd.DataFrame([{"id": key, **of} for key, of in customers.items()], columns=pd.Index(columns))
    connection.register("frame", frame.astype(object))
    connection.execute(
        "create table customers as select id, cast(age as integer) as age, cast(city as varchar) as city, "
        "cast(spend as double) as spend, cast(born_on as date) as born_on, cast(vector as double[]) as vector from frame"
    )
    for table, rows in (("events", events), ("orders", orders)):
        columns = ["customer_id", "happened_at", "name", "amount"]
        content = pd.DataFrame(list(rows), columns=pd.Index(columns)).astype({"happened_at": "datetime64[us]"})
        content = content.astype({"customer_id": object, "name": object, "amount": float})
        connection.register("rows", content)
        connection.execute(
            f"create table {table} as select row_number() over () as row_id, cast(customer_id as varchar) as customer_id, "
            "happened_at, cast(happened_at as date) as happened_on, cast(name as varchar) as name, amount from rows"
        )
    columns = {
        "customer_id": Column("text", "r.customer_id"),
        "row_id": Column("number", "r.row_id"),
        "happened_at": Column("date", "r.happened_at"),
        "happened_on": Column("date", "r.happened_on"),
        "name": Column("text", "r.name"),
        "amount": Column("number", "r.amount"),
    }
    related = {
        name: Related(f"from {name} as r", columns, "row_id", "happened_on", "happened_at")
        for name in ("events", "orders")
    }
    flat = {"customer_id": columns["customer_id"], "name": columns["name"]}
    return connection, related | {"names": Related("from events as r", flat, "name")}


def subject(related: Mapping[str, Related], rules: Mapping[str, Conditions] | None = None) -> Subject:
    return Subject(
        key="customer_id",
        columns={
            "customer_id": Column("text", "c.id"),
            "as_of_on": Column("date", f"date '{AS_OF}'"),
            "age": Column("number", "c.age"),
            "city": Column("text", "c.city"),
            "spend": Column("number", "c.spend"),
            "born_on": Column("date", "c.born_on"),
        },
        source="from customers as c",
        related=related,
        permissions="select id as customer_id, 'marketing' as purpose, 'email' as channel, age >= 18 as is_allowed from customers",
        permitted={"marketing": ["email"]},
        vectors="select id as customer_id, vector as embedding from customers where vector is not null",
        rules=rules or {},
    )


def judged(
    connection: duckdb.DuckDBPyConnection, related: Mapping[str, Related], rules: Mapping[str, Mapping]
) -> Judgement:
    """Check and answer rules as a file has them."""
    conditions = {name: Conditions.model_validate(rule) for name, rule in rules.items()}
    asked = subject(related, conditions)
    for name, rule in conditions.items():
        check(rule, asked, name)
    return judge(connection, list(conditions), asked, AS_OF)


def members(
    connection: duckdb.DuckDBPyConnection, related: Mapping[str, Related], *conditions: Mapping, group: str = "all"
) -> str:
    """Return the ids of the customers who meet conditions, joined."""
    answers = judged(connection, related, {"it": {group: list(conditions)}}).answers()
    return "".join(answers["customer_id"][answers["it"].fillna(value=False)])
