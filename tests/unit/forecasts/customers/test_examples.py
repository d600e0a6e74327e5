from datetime import date

import duckdb
import pandas as pd
import pytest

from dmp_assets.forecasts.customers.examples import (
    AMOUNT,
    CHURN,
    DAYS,
    FEATURES,
    VALUE,
    active_customers,
    all_customers,
    examples,
    feature_table,
    served_outcomes,
    value_examples,
)
from tests.unit.persons import write_persons

PRESENT = "date '2017-07-31'"


@pytest.fixture
def marts() -> duckdb.DuckDBPyConnection:
    """Two customers at five dates, one of them not active; orders by customer, day, amount and whether they hold a sale."""
    connection = duckdb.connect()
    connection.execute("create schema marts")
    connection.execute("""
        create table marts.customer_features as
        select customer_id, cast(as_of_on as date) as as_of_on, order_count_90d, frequency
        from (values ('a', 3, 9), ('b', 2, 2), ('gone', 0, 4)) as customers(customer_id, order_count_90d, frequency)
        cross join (values ('2016-10-01'),
            ('2017-04-03'), ('2017-06-12'), ('2017-06-19'), ('2017-06-26'), ('2017-07-03'), ('2017-07-10'), ('2017-07-31'))
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
    write_persons(connection, ["a", "b", "gone"])
    return connection


def test_outcomes_are_of_the_28_days_from_the_cutoff_on(marts):
    found = marts.execute(examples(PRESENT)).df()
    newest = found[found["as_of_on"] == "2017-07-03"].set_index("customer_id")
    assert newest[AMOUNT].to_dict() == {"a": 12.5, "b": 0}
    assert newest[CHURN].to_dict() == {"a": False, "b": True}
    assert newest[DAYS].to_dict() == {"a": 0, "b": 28}


def test_the_newest_cutoff_of_each_fortnight_within_the_history_is_learned_from(marts):
    found = marts.execute(examples(PRESENT)).df()
    assert found["as_of_on"].dt.date.unique().tolist() == [date(2017, 4, 3), date(2017, 6, 19), date(2017, 7, 3)]
    assert set(found["customer_id"]) == {"a", "b"}


def test_what_happens_from_the_present_on_changes_nothing(marts):
    before = [marts.execute(query(PRESENT)).df() for query in (examples, value_examples)]
    marts.execute(
        "insert into marts.fct_orders values ('b', date '2017-07-31', 55, true), ('a', date '2017-08-02', 9, true)"
    )
    for query, frame in zip((examples, value_examples), before, strict=True):
        pd.testing.assert_frame_equal(marts.execute(query(PRESENT)).df(), frame)


def test_only_active_customers_of_the_date_are_predicted(marts):
    assert marts.execute(active_customers(PRESENT)).df()["customer_id"].tolist() == ["a", "b"]
    assert marts.execute(all_customers(PRESENT)).df()["customer_id"].tolist() == ["a", "b", "gone"]


def test_the_value_is_of_all_customers_and_of_84_days(marts):
    found = marts.execute(value_examples(PRESENT)).df()
    assert found["as_of_on"].dt.date.unique().tolist() == [date(2017, 4, 3)]
    assert found.set_index("customer_id")[VALUE].to_dict() == {"a": 0, "b": 0, "gone": 0}


@pytest.mark.parametrize(
    ("target", "expected"), [(CHURN, [0, 1]), (AMOUNT, [12.5, 0]), (DAYS, [0, 28]), (VALUE, [12.5, 1000])]
)
def test_what_became_of_predictions_is_what_examples_say(marts, target, expected):
    rows = "(select * from marts.customer_features where as_of_on = '2017-07-03' and customer_id <> 'gone')"
    found = marts.execute(served_outcomes(rows, target)).df().sort_values("customer_id")
    assert found["outcome"].tolist() == expected
    assert found["target"].unique().tolist() == [target]


def test_nothing_is_learned_from_that_has_no_date():
    assert not {"has_demographics", "age_band", "income_band", "household_size", "kids_count"} & set(FEATURES)


def test_features_are_numbers_and_missing_ones_are_named():
    frame = pd.DataFrame({name: [1] for name in FEATURES}).assign(campaign_count=True)
    assert feature_table(frame).dtypes.eq("float64").all()
    with pytest.raises(ValueError, match="lack frequency, tenure_days"):
        feature_table(frame.drop(columns=["frequency", "tenure_days"]))


def test_what_a_person_did_counts_whatever_they_were_called_then(marts):
    """b was a customer of its own, and is known to be a today."""
    marts.execute("update marts.customer_identifiers set customer_id = 'a' where identifier_id = 'b'")
    found = marts.execute(examples(PRESENT)).df().set_index(["customer_id", "as_of_on"])
    outcomes = found.xs(pd.Timestamp("2017-07-03"), level="as_of_on")[[CHURN, AMOUNT]]
    assert outcomes.loc["b"].tolist() == outcomes.loc["a"].tolist() == [False, 12.5]
