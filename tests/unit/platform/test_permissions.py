import duckdb
import pytest

from dmp_assets.platform.errors import UserError
from dmp_assets.platform.permissions import customer_columns, leave_out
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse
from tests.unit.permissions import write_permissions


@pytest.fixture
def warehouse(tmp_path) -> Warehouse:
    warehouse = Warehouse.from_settings(Settings(home=tmp_path))
    with warehouse.write() as connection:
        connection.execute("create schema lists")
        connection.execute(
            "create table lists.alike as from (values ('a', 'b'), ('b', 'a'), ('a', 'c'), ('c', 'd'), (null, 'd')) "
            "as t(customer_id, neighbour_customer_id)"
        )
    return warehouse


def rows(warehouse: Warehouse) -> list[tuple]:
    with warehouse.read() as connection:
        return connection.execute("select * from lists.alike order by all").fetchall()


def test_columns_that_name_customers_are_known_by_their_name():
    columns = ["customer_id", "neighbour_customer_id", "customer_idea", "product_id"]
    assert customer_columns(columns) == ["customer_id", "neighbour_customer_id"]


def test_whoever_refuses_leaves_a_table_under_every_name_and_nobody_else_does(warehouse):
    write_permissions(warehouse, ["a", "b", "c", "d"], refuse=["b"])
    with warehouse.write() as connection:
        assert leave_out(connection, "lists.alike") == 1
    assert rows(warehouse) == [("a", "c"), ("c", "d"), (None, "d")]
    with warehouse.write() as connection:
        assert leave_out(connection, "lists.alike") == 0


def test_while_it_is_not_known_what_customers_allow_nothing_is_written(warehouse):
    with (
        pytest.raises(UserError, match=r"no marts\.contact_permissions yet.*dmp build"),
        warehouse.write() as connection,
    ):
        leave_out(connection, "lists.alike")
    with duckdb.connect(warehouse.database) as connection:
        assert connection.execute("select count(*) from lists.alike").fetchall() == [(5,)]
