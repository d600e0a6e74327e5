import sqlite3
from pathlib import Path

import duckdb
import pytest

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.sources.declare import DeclaredTable, LoadRule
from dmp_assets.sources.extract import extract
from dmp_assets.sources.land import load_table
from dmp_assets.sources.secrets import without_password
from tests.unit.shop import NOW


class Database:
    """A SQLite database with one table of orders, and a warehouse that loads it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "shop.db"
        self.settings = Settings(home=folder / "home")
        self.settings.home.mkdir()
        self.warehouse = Warehouse.from_settings(self.settings)
        self.execute("create table orders (id integer primary key, 用户ID text, updated_at timestamp)")

    def execute(self, *sql: str) -> None:
        with sqlite3.connect(self.file) as connection:
            for statement in sql:
                connection.execute(statement)
        connection.close()

    def insert(self, key: int, updated_at: str) -> None:
        self.execute(f"insert or replace into orders values ({key}, 'u{key}', '{updated_at}')")

    def table(self, **rule) -> DeclaredTable:
        load = {
            "location": f"sqlite:///{self.file}",
            "format": "database",
            "contract": "order_lines",
            "table": "orders",
        }
        return DeclaredTable(
            "crm",
            "orders",
            "Orders.",
            {"id": "BIGINT", "用户ID": "VARCHAR", "updated_at": "TIMESTAMP"},
            LoadRule.model_validate(load | rule),
        )

    def load(self, **rule) -> int:
        return load_table(self.warehouse, self.settings, self.table(**rule), now=NOW).rows_added

    def ids(self) -> list[int]:
        with self.warehouse.read() as connection:
            return [key for (key,) in connection.execute("select id from raw.crm__orders order by 1").fetchall()]


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path)


def test_only_what_is_new_is_read_and_each_row_once(database):
    database.insert(1, "2024-01-01 10:00:00")
    database.insert(2, "2024-01-02 10:00:00")
    assert (database.load(cursor="updated_at"), database.load(cursor="updated_at")) == (2, 0)
    # At the time of the last one, to the second.
    database.insert(3, "2024-01-02 10:00:00")
    database.insert(4, "2024-01-03 10:00:00")
    assert (database.load(cursor="updated_at"), database.load(cursor="updated_at")) == (2, 0)
    assert database.ids() == [1, 2, 3, 4]
    database.insert(1, "2024-01-04 10:00:00")
    assert database.load(cursor="updated_at") == 1
    assert database.ids() == [1, 1, 2, 3, 4], "the changed row is a row more; staging takes the newest"


def test_a_table_without_a_cursor_is_a_full_copy(database):
    database.insert(1, "2024-01-01 10:00:00")
    database.insert(2, "2024-01-01 10:00:00")
    assert (database.load(keep="replace"), database.load(keep="replace")) == (2, 0)
    database.execute("delete from orders where id = 1")
    assert database.load(keep="replace") == 1
    assert database.ids() == [2]


def test_a_table_that_was_emptied_is_empty(database):
    database.insert(1, "2024-01-01 10:00:00")
    database.load(keep="replace")
    database.execute("delete from orders")
    assert database.load(keep="replace") == 0
    assert database.ids() == []


def test_rows_at_the_cursor_are_read_again_and_each_counts_once(database):
    database.execute("create table visits (day text, customer text)")

    def load() -> int:
        table = DeclaredTable("crm", "visits", "", {}, database.table(table="visits", cursor="day").rule)
        return load_table(database.warehouse, database.settings, table, now=NOW).rows_added

    database.execute("insert into visits values ('2024-01-02', 'a'), ('2024-01-02', 'a'), (null, 'b')")
    assert (load(), load()) == (3, 0)
    database.execute("insert into visits values ('2024-01-02', 'a'), (null, 'b'), ('2024-01-01', 'late')")
    assert (load(), load()) == (2, 0), "two equal rows more; what came late, before the cursor, is not seen"
    database.execute("update visits set customer = 'c' where rowid = 1")
    assert (load(), load()) == (1, 0), "changed within the cursor's value"
    with database.warehouse.read() as connection:
        held = connection.execute("select customer, count(*) from raw.crm__visits group by all order by all").fetchall()
    assert held == [("a", 3), ("b", 2), ("c", 1)]


def test_rows_with_identifiers_that_come_again_are_known_by_their_pseudonyms(database):
    rule = {"cursor": "updated_at", "identifiers": {"用户ID": "email"}}
    database.execute("insert into orders values (1, 'a@mail.example', '2024-01-02 10:00:00')")
    assert (database.load(**rule), database.load(**rule)) == (1, 0)
    database.execute("insert into orders values (2, 'b@mail.example', '2024-01-02 10:00:00')")
    assert (database.load(**rule), database.load(**rule)) == (1, 0)
    assert database.ids() == [1, 2]


def test_a_row_that_is_marked_as_deleted_comes_again_though_its_cursor_stands(database):
    database.execute("alter table orders add column deleted_at timestamp")
    for key in (1, 2, 3):
        database.execute(f"insert into orders values ({key}, 'u', '2024-01-0{key} 10:00:00', null)")
    rule = {"cursor": "updated_at", "deleted_at": "deleted_at"}
    assert (database.load(**rule), database.load(**rule)) == (3, 0)
    database.execute("update orders set deleted_at = '2024-01-04 10:00:00' where id = 1")
    assert (database.load(**rule), database.load(**rule)) == (1, 0)
    database.execute("update orders set deleted_at = '2024-01-05 10:00:00' where id = 2")
    assert (database.load(**rule), database.load(**rule)) == (1, 0)
    assert database.ids() == [1, 1, 2, 2, 3]


def test_a_column_of_sqlite_is_what_its_values_are(database):
    database.execute(
        "create table items (id integer, price numeric, weight real, at datetime, note text, is_new boolean, picture blob)",
        "insert into items values (1, 1.5, 2, '2024-01-02 10:00:00', 'a', 1, x'00ff')",
        "insert into items values ('x-2', 3, null, 'some day', null, 0, null)",
    )
    (file,) = extract(database.settings, database.table(table="items")).values()
    described = duckdb.sql(f"describe from '{file}'").fetchall()
    assert [(name, kind) for name, kind, *_ in described] == [
        ("id", "VARCHAR"),
        ("price", "DOUBLE"),
        ("weight", "DOUBLE"),
        ("at", "VARCHAR"),
        ("note", "VARCHAR"),
        ("is_new", "BOOLEAN"),
        ("picture", "VARCHAR"),
    ]
    assert duckdb.sql(f"from '{file}'").fetchall() == [
        ("1", 1.5, 2.0, "2024-01-02 10:00:00", "a", True, "00ff"),
        ("x-2", 3.0, None, "some day", None, False, None),
    ]


def test_what_was_fetched_and_not_loaded_is_loaded_next_time(database):
    database.insert(1, "2024-01-01 10:00:00")
    database.load(cursor="updated_at")
    database.insert(2, "2024-01-02 10:00:00")
    extract(database.settings, database.table(cursor="updated_at"))  # and killed here
    database.insert(3, "2024-01-03 10:00:00")
    assert database.load(cursor="updated_at") == 2
    assert database.ids() == [1, 2, 3]


def test_what_was_loaded_and_not_removed_is_not_loaded_again(database, monkeypatch):
    database.insert(1, "2024-01-01 10:00:00")
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)  # killed before
    assert database.load(cursor="updated_at") == 1
    monkeypatch.undo()
    assert database.load(cursor="updated_at") == 0
    assert not list(database.settings.spill_dir.rglob("*.parquet"))


def test_a_new_warehouse_reads_everything_anew(database):
    database.insert(1, "2024-01-01 10:00:00")
    database.load(cursor="updated_at")
    Path(database.warehouse.database).unlink()
    assert database.load(cursor="updated_at") == 1


def test_nothing_fetched_stays_readable_for_others_or_after_the_load(database):
    database.execute("insert into orders values (1, 'jane@mail.example', '2024-01-01 10:00:00')")
    database.load(cursor="updated_at")
    assert database.settings.spill_dir.joinpath("crm", "orders").stat().st_mode & 0o077 == 0
    for file in database.settings.home.rglob("*"):
        assert not file.is_file() or b"mail.example" not in file.read_bytes(), file


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda database: database.file.unlink(), "There is no SQLite database"),
        (lambda database: database.execute("drop table orders"), "NoSuchTableError: orders"),
        (lambda database: database.file.write_bytes(b"no database"), "file is not a database"),
        (lambda database: database.execute("alter table orders drop column updated_at"), "updated_at"),
    ],
)
def test_a_database_that_is_gone_loses_nothing_and_is_named(database, change, message):
    database.insert(1, "2024-01-01 10:00:00")
    database.load(cursor="updated_at")
    change(database)
    with pytest.raises(UserError, match=message):
        database.load(cursor="updated_at")
    assert database.ids() == [1]


def test_passwords_are_not_shown():
    assert without_password("postgresql://me:pa55@host:5432/shop") == "postgresql://me:***@host:5432/shop"
    assert without_password("sqlite:////data/shop.db") == "sqlite:////data/shop.db"
