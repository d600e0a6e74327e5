import duckdb
import pytest

from tests.spark.compare import compare

ROWS = (
    "(values ('a', 1.5::double, 2.50::decimal(4, 2)), ('b', null, null), ('b', null, null)) as rows(id, number, amount)"
)


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        yield connection


def test_the_same_rows_in_another_order_of_other_types_are_equal(connection):
    other = "(select amount::decimal(12, 4) as amount, number, id from (from reversed))"
    connection.execute(f"create table reversed as select * from {ROWS} order by id desc")
    assert compare(connection, ROWS, other) == (3, 3, 0, "")


def test_a_number_is_equal_within_the_tolerance_and_not_beyond(connection):
    near, far = (f"(select id, number * (1 + {change}) as number, amount from {ROWS})" for change in (1e-12, 2**-10))
    assert compare(connection, ROWS, near).differing == 0
    assert compare(connection, ROWS, far).differing == 1
    assert compare(connection, ROWS, far).first_difference == "number 1.5 and 1.50146484375 of ['a', 1.5]"


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ("replace(id, 'a', 'c') as id", "id 'a' and 'c' of ['a', 1.5]"),
        ("coalesce(number, 0) as number", "number None and 0.0 of ['b', None]"),
        ("if(id = 'a', null, number) as number", "number 1.5 and None of ['a', 1.5]"),
        ("amount + 0.01 as amount", "amount Decimal('2.50') and Decimal('2.51') of ['a', 1.5]"),
    ],
)
def test_any_other_change_of_a_value_is_a_difference(connection, change, difference):
    found = compare(connection, ROWS, f"(select * replace ({change}) from {ROWS})")
    assert found.differing > 0
    assert found.first_difference == difference


def test_a_row_that_is_missing_or_there_once_too_often_is_a_difference(connection):
    distinct = f"(select distinct * from {ROWS})"
    assert compare(connection, ROWS, distinct)[:3] == (3, 2, 1)
    assert compare(connection, distinct, ROWS)[:3] == (2, 3, 1)
    assert compare(connection, ROWS, f"(from {ROWS} where false)")[:3] == (3, 0, 3)


def test_a_column_of_one_alone_is_a_difference_of_all_rows(connection):
    found = compare(connection, ROWS, f"(select * exclude (amount) from {ROWS})")
    assert found == (3, 3, 3, "columns of one alone: amount")


def test_a_column_may_be_left_out(connection):
    assert compare(connection, ROWS, f"(select * replace (0 as amount) from {ROWS})", {"amount"}).differing == 0
