import sqlite3
from pathlib import Path

import duckdb
import pytest

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse
from dmp_assets.sources import extract as extraction
from dmp_assets.sources.declare import DeclaredTable, LoadRule
from dmp_assets.sources.extract import extract, extraction_folder, without_password
from dmp_assets.sources.land import load_table
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


def test_a_copy_in_several_parts_is_one_and_the_newest_counts(database, monkeypatch):
    table = database.table(keep="replace")
    folder = extraction_folder(database.settings, "crm", "orders") / "files" / "orders"
    folder.mkdir(parents=True)
    for name, key in (("1.5.a", 1), ("2.5.a", 2), ("2.5.b", 3)):
        duckdb.sql(f"select {key} as id").write_parquet(str(folder / f"{name}.parquet"))
    monkeypatch.setattr(extraction, "_run", lambda *_, **__: None)  # as if these had just been fetched
    for _ in range(2):
        files = extract(database.settings, table)
        assert list(files) == ["orders.parquet"]
        assert sorted(duckdb.sql(f"select id from '{files['orders.parquet']}'").fetchall()) == [(2,), (3,)]
        assert len(list(folder.iterdir())) == 1


def test_what_was_fetched_and_not_loaded_is_loaded_next_time(database, monkeypatch):
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
    assert not list(database.settings.landing_dir.rglob("*.parquet"))


def test_a_new_warehouse_reads_everything_anew(database):
    database.insert(1, "2024-01-01 10:00:00")
    database.load(cursor="updated_at")
    Path(database.warehouse.database).unlink()
    assert database.load(cursor="updated_at") == 1


def test_nothing_fetched_stays_readable_for_others_or_after_the_load(database):
    database.execute("insert into orders values (1, 'jane@mail.example', '2024-01-01 10:00:00')")
    database.load(cursor="updated_at")
    assert database.settings.landing_dir.joinpath("crm", "orders").stat().st_mode & 0o077 == 0
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
