from datetime import date

import duckdb
import pandas as pd
import pytest

from dmp_assets.forecasts.customers.examples import AMOUNT, CHURN, FEATURES, active_customers, examples, feature_table

PRESENT = "date '2017-07-31'"


@pytest.fixture
def marts() -> duckdb.DuckDBPyConnection:
    """Two customers at five dates, one of them not active; orders by customer, day, amount and whether they hold a sale."""
    connection = duckdb.connect()
    connection.execute("create schema marts")
    connection.execute("""
        create table marts.customer_features as
        select customer_id, cast(as_of_on as date) as as_of_on, order_count_90d
        from (values ('a', 3), ('b', 2), ('gone', 0)) as customers(customer_id, order_count_90d)
        cross join (values ('2016-12-01'), ('2017-06-19'), ('2017-06-26'), ('2017-07-03'), ('2017-07-10'), ('2017-07-31'))
            as dates(as_of_on)
    """)
    connection.execute("""
        create table marts.fct_orders as
        select customer_id, cast(order_on as date) as order_on, cast(sales_amount as decimal(12, 2)) as sales_amount, has_sale
        from (values
            ('a', '2017-07-02', 100, true),  -- the day before the newest complete cutoff
            ('a', '2017-07-03', 5, true),    -- its first day
            ('a', '2017-07-30', 7.5, true),  -- its last day
            ('b', '2017-07-05', 0, false),   -- a coupon alone
            ('b', '2017-07-31', 1000, true)  -- the present
        ) as orders(customer_id, order_on, sales_amount, has_sale)
    """)
    return connection


def test_outcomes_are_of_the_28_days_from_the_cutoff_on(marts):
    found = marts.execute(examples(PRESENT)).df()
    newest = found[found["as_of_on"] == "2017-07-03"].set_index("customer_id")
    assert newest[AMOUNT].to_dict() == {"a": 12.5, "b": 0}
    assert newest[CHURN].to_dict() == {"a": False, "b": True}


def test_the_newest_cutoff_of_each_fortnight_within_half_a_year_is_learned_from(marts):
    found = marts.execute(examples(PRESENT)).df()
    assert found["as_of_on"].dt.date.unique().tolist() == [date(2017, 6, 19), date(2017, 7, 3)]
    assert set(found["customer_id"]) == {"a", "b"}


def test_what_happens_from_the_present_on_changes_nothing(marts):
    before = marts.execute(examples(PRESENT)).df()
    marts.execute(
        "insert into marts.fct_orders values ('b', date '2017-07-31', 55, true), ('a', date '2017-08-02', 9, true)"
    )
    pd.testing.assert_frame_equal(marts.execute(examples(PRESENT)).df(), before)


def test_only_active_customers_of_the_date_are_predicted(marts):
    assert marts.execute(active_customers(PRESENT)).df()["customer_id"].tolist() == ["a", "b"]


def test_features_are_numbers_and_missing_ones_are_named():
    frame = pd.DataFrame({name: [1] for name in FEATURES}).assign(has_demographics=True)
    assert feature_table(frame).dtypes.eq("float64").all()
    with pytest.raises(ValueError, match="lack frequency, tenure_days"):
        feature_table(frame.drop(columns=["frequency", "tenure_days"]))
