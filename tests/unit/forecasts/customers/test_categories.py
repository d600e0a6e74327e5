import duckdb
import pandas as pd
import pytest

from dmp_assets.forecasts.customers.categories import (
    CATEGORY_28D,
    CATEGORY_FEATURES,
    SAMPLE,
    category_candidates,
    category_examples,
)
from tests.unit.persons import write_persons

PRESENT = "date '2017-07-31'"


@pytest.fixture
def marts() -> duckdb.DuckDBPyConnection:
    """Forty customers with the same orders: milk every week, beef once in June; fuel and coupons do not count."""
    connection = duckdb.connect()
    connection.execute("create schema marts")
    connection.execute("""
        create table marts.customer_features as
        select 'c' || n as customer_id, cast(as_of_on as date) as as_of_on, 3 as order_count_90d, 1 as recency_days,
            3 as order_count_28d, 10 as sales_amount_28d, 30 as sales_amount_90d, 100 as monetary_amount,
            5 as product_count, 0.1 as discount_share, 0.2 as private_label_share
        from range(40) as customers(n)
        cross join (values ('2017-06-05'), ('2017-07-03'), ('2017-07-31')) as dates(as_of_on)
    """)
    connection.execute("""
        create table marts.dim_products as
        select * from (values ('milk', 'MILK', true), ('beef', 'BEEF', true), ('gas', 'FUEL', false))
            as products(product_id, product_category, is_recommendable)
    """)
    connection.execute("""
        create table marts.fct_order_lines as
        select customer_id as identifier_id, product_id, cast(order_on as date) as order_on, line_type, 5.0 as sales_amount,
            cast(order_on as timestamp) as ordered_at
        from (select distinct customer_id from marts.customer_features)
        cross join (values
            ('milk', '2017-05-22', 'sale'), ('milk', '2017-06-01', 'sale'), ('milk', '2017-07-10', 'sale'),
            ('beef', '2017-05-23', 'sale'), ('beef', '2017-06-20', 'coupon'), ('gas', '2017-06-20', 'sale')
        ) as lines(product_id, order_on, line_type)
    """)
    write_persons(connection, [f"c{number}" for number in range(40)])
    return connection


def test_every_category_is_an_example_with_what_was_bought_after_the_cutoff(marts):
    found = marts.execute(category_examples(PRESENT)).df()
    assert 0 < found["customer_id"].nunique() <= 40 // SAMPLE + 10
    shares = found.pivot_table(index="as_of_on", columns="product_category", values=CATEGORY_28D)
    assert shares["MILK"].tolist() == [0, 1]
    assert shares["BEEF"].tolist() == [0, 0]
    assert not found.duplicated(["customer_id", "as_of_on", "product_category"]).any()


def test_features_read_only_orders_before_the_date(marts):
    found = marts.execute(category_candidates("date '2017-06-05'")).df()
    milk = found[found["product_category"] == "MILK"].iloc[0]
    assert milk[["category_order_days", "category_order_days_28d", "category_recency_days"]].tolist() == [2, 2, 4]
    assert milk["category_overdue_ratio"] == pytest.approx(0.4)
    assert set(CATEGORY_FEATURES) <= set(found)
    assert len(found) == 80


def test_what_happens_from_the_present_on_changes_nothing(marts):
    before = marts.execute(category_examples(PRESENT)).df()
    marts.execute(
        "insert into marts.fct_order_lines values ('c1', 'beef', date '2017-07-31', 'sale', 5, timestamp '2017-07-31')"
    )
    pd.testing.assert_frame_equal(marts.execute(category_examples(PRESENT)).df(), before)
