"""Tables of PostgreSQL, where it is installed; what holds for any database is tried with SQLite in `test_extract`."""

import datetime as dt

import duckdb
import pytest
import sqlalchemy

from dmp_assets.onboarding.inspection import inspect
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.sources.database import open_database
from dmp_assets.sources.declare import DeclaredTable, LoadRule
from dmp_assets.sources.extract import extract
from dmp_assets.sources.land import load_table
from tests.unit.postgres import postgres_server

ORDERS = """
    create schema sales;
    create type sales.state as enum ('paid', 'open');
    create table sales.orders (
        id bigint primary key, customer uuid, sku text, amount money, net numeric, gross numeric(10, 2), extra jsonb, tags text[],
        picture bytea, at time, took interval, address inet, state sales.state, ordered_at timestamptz, is_gift boolean,
        day date, weight double precision, updated_at timestamp, deleted_at timestamptz
    );
    insert into sales.orders values (
        1, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'p1', '$1,234.50', 1037.394957983193277, 1234.50, '{"gift": true}', '{a,"b,c"}',
        '\\x00ff', '10:11:12', '1 day 02:00', '10.0.0.1', 'paid', '2024-01-02 03:04:05+02', true, '2024-01-02', 0.5,
        '2024-01-02 10:00:00.123456', null
    ), (2, null, 'p2', null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
    create view sales.paid as select id, customer as customer_id, sku, ordered_at, amount from sales.orders where state = 'paid';
    create materialized view sales.kept as select * from sales.paid;
"""


@pytest.fixture(scope="module")
def server():
    with postgres_server() as url:
        yield url


@pytest.fixture
def shop(server: str):
    """Return the URL of a database with a schema `sales`."""
    engine = open_database(server)
    with engine.begin() as connection:
        connection.exec_driver_sql("drop schema if exists sales cascade")
        connection.exec_driver_sql(ORDERS)
    engine.dispose()
    return server


def execute(url: str, sql: str) -> None:
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text(sql))
    engine.dispose()


def table(url: str, name: str = "sales.orders", **rule) -> DeclaredTable:
    load = {"location": url, "format": "database", "contract": "order_lines", "table": name} | rule
    return DeclaredTable("crm", "orders", "", {}, LoadRule.model_validate(load))


def test_every_type_lands_as_one_that_can_be_read(shop: str, tmp_path):
    (file,) = extract(Settings(home=tmp_path), table(shop)).values()
    kinds = {name: kind for name, kind, *_ in duckdb.sql(f"describe from '{file}'").fetchall()}
    texts = {"customer", "sku", "extra", "tags", "picture", "at", "took", "address", "state"}
    assert {name for name, kind in kinds.items() if kind == "VARCHAR"} == texts
    assert (kinds["amount"], kinds["net"], kinds["gross"]) == ("DECIMAL(19,4)", "DECIMAL(38,9)", "DECIMAL(10,2)")
    first = duckdb.sql(
        f'select customer, amount::text, round(net, 2)::text, extra, tags, picture, "at", took, state, is_gift, '
        f"epoch(ordered_at), day, updated_at from '{file}' where id = 1"
    ).fetchall()[0]
    assert first == (
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "1234.5000",
        "1037.39",
        '{"gift": true}',
        '["a","b,c"]',
        "00ff",
        "10:11:12",
        "1 day 02:00:00",
        "paid",
        True,
        dt.datetime(2024, 1, 2, 1, 4, 5, tzinfo=dt.UTC).timestamp(),
        dt.date(2024, 1, 2),
        dt.datetime(2024, 1, 2, 10, 0, 0, 123456),  # noqa: DTZ001 - the column has no time zone
    )
    assert duckdb.sql(f"select * exclude (id, sku) from '{file}' where id = 2").fetchall() == [(None,) * 17]


def test_a_schema_its_views_and_materialised_views_are_found(shop: str):
    with pytest.raises(UserError, match=r"name another schema with --schema \(.*sales"):
        inspect(shop)
    with pytest.raises(
        UserError, match=r"Several tables look like order_lines.*sales\.kept, sales\.orders, sales\.paid"
    ):
        inspect(shop, schema="sales")
    for found in (inspect(shop, table="sales.kept"), inspect(shop, schema="sales", table="kept")):
        assert [(each.name, each.rule.table) for each in found] == [("sales_kept", "sales.kept")]
        assert {column.name: column.guess for column in found[0].columns}["amount"] == "number"
    with pytest.raises(UserError, match=r"no table or view other in the database; there are kept, orders, paid"):
        inspect(shop, table="sales.other")


def test_changes_deletions_and_rows_at_the_cursor_each_come_once(shop: str, tmp_path):
    settings = Settings(home=tmp_path)
    warehouse = Warehouse.from_settings(settings)
    now = dt.datetime(2026, 1, 2)  # noqa: DTZ001 - the raw layer keeps UTC without a time zone

    def load() -> int:
        return load_table(
            warehouse, settings, table(shop, cursor="updated_at", deleted_at="deleted_at"), now=now
        ).rows_added

    assert (load(), load()) == (2, 0)
    execute(shop, "insert into sales.orders (id, sku, updated_at) values (3, 'p3', '2024-01-02 10:00:00.123456')")
    assert (load(), load()) == (1, 0), "at the cursor, to the microsecond"
    execute(shop, "update sales.orders set sku = 'p9' where id = 1")
    assert (load(), load()) == (1, 0), "changed, and the cursor was left as it was"
    execute(shop, "update sales.orders set deleted_at = now() where id = 2")
    assert (load(), load()) == (1, 0)
    execute(shop, "alter table sales.orders alter column gross type text, add column channel text default 'web'")
    execute(shop, "update sales.orders set gross = 'free', updated_at = '2024-01-03' where id = 3")
    assert load() == 3, "with a new column the rows that come again are others; 1 and 2 too"
    with warehouse.read() as connection:
        held = connection.execute("select id, count(*) from raw.crm__orders group by all order by 1").fetchall()
        newest = connection.execute(
            "select gross, channel from raw.crm__orders where id = 3 and channel = 'web'"
        ).fetchall()
    assert held == [(1, 3), (2, 3), (3, 2)]
    assert newest == [("free", "web")]


def test_a_database_that_does_not_answer_is_named_without_its_password(monkeypatch):
    monkeypatch.setenv("SHOP_URL", "postgresql://me:secret@127.0.0.1:1/shop")
    with pytest.raises(UserError, match="cannot be opened") as error:
        inspect("${SHOP_URL}", table="orders")
    assert "secret" not in str(error.value)
