import datetime as dt
from dataclasses import replace
from itertools import count

import pytest

from dmp_assets.sources.declare import DeclaredTable
from dmp_assets.sources.newer_files import open_questions
from tests.unit.shop import NOW, Shop

MAPPING = {"from": "orders", "fields": {"customer_id": "customer", "sales_amount": "amount"}}
DAYS = count()
DAY = "customer,amount\n" + "".join(f"c{number},{number}\n" for number in range(10))


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


def told(shop: Shop, **rule) -> list[str]:
    table: DeclaredTable = replace(shop.table(**rule), mapping=MAPPING)
    shop.land(table, now=NOW + dt.timedelta(days=next(DAYS)))
    with shop.warehouse.read() as connection:
        return open_questions(connection, table)


def test_a_file_that_comes_again_with_other_content_is_a_question_until_it_is_answered(shop):
    shop.write("orders.csv", "customer,amount\na,1\nb,2\nc,3\n")
    assert told(shop) == []
    shop.write("orders.csv", "customer,amount\na,1\nc,4\n")
    (question,) = told(shop)
    assert question.startswith(
        "shop: orders.csv came again with other content: of its 3 earlier rows 1 are in it as they were; the other 2 still count"
    )
    assert "`dmp add-source shop --replace --full-copy`" in question
    assert "`dmp add-source shop --replace --append`" in question
    assert told(shop, keep="append") == []
    assert len(shop.rows()) == 5
    # A full copy takes the place of what the file had before, though that was loaded before this was said.
    assert told(shop, keep="replace") == []
    assert shop.rows("select customer, amount from raw.shop__orders order by all") == [("a", "1"), ("c", "4")]


def test_a_file_that_repeats_almost_all_earlier_rows_looks_like_a_copy_of_everything(shop):
    shop.write("may.csv", DAY)
    shop.write("june.csv", "customer,amount\nx,1\n")
    assert told(shop) == [], "june.csv is before may.csv and has none of its rows"
    shop.write("total.csv", DAY + "new,1\nx,1\n")
    (question,) = told(shop)
    assert question.startswith("shop: total.csv repeats 11 of the 11 rows of earlier files; the other 0 still count")


def test_exports_that_overlap_a_little_are_no_question(shop):
    shop.write("1.csv", DAY)
    shop.write("2.csv", "customer,amount\nc8,8\nc9,9\nc10,10\n")
    assert told(shop) == []


def test_a_column_with_another_name_is_named_with_the_command_that_maps_it(shop):
    shop.write("1.csv", "customer,amount\na,1\n")
    shop.write("2.csv", "customer,total_amount,channel\nb,2,web\n")
    assert told(shop) == [
        "shop: there is no amount, which is read as sales_amount, in 2.csv, but channel, total_amount: if that is the same under "
        "another name, say `dmp add-source shop --replace --map 'sales_amount=amount|total_amount'`"
    ]
    table = replace(shop.table(), mapping=MAPPING | {"fields": {"sales_amount": ["amount", "total_amount"]}})
    table = replace(table, columns={**table.columns, "total_amount": "VARCHAR"})
    with shop.warehouse.read() as connection:
        assert open_questions(connection, table) == []


def test_files_of_corrected_rows_are_no_question(shop):
    shop.write("corrected.csv", "customer,amount\na,1\n")
    told(shop)
    shop.write("corrected.csv", "customer,amount\nb,2\n")
    with shop.warehouse.write() as connection:
        connection.execute("create table raw._replaced_rows (table_name varchar, replaced_by varchar)")
        connection.execute("insert into raw._replaced_rows values ('shop__orders', 'corrected.csv')")
    assert told(shop) == []


def test_a_new_column_alone_is_no_question(shop):
    shop.write("1.csv", "customer,amount\na,1\n")
    shop.write("2.csv", "customer,amount,channel\nb,2,web\n")
    assert told(shop) == []
