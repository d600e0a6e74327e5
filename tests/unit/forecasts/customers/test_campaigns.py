import duckdb
import pandas as pd
import pytest

from dmp_assets.forecasts.customers.campaigns import (
    CAMPAIGN_FEATURES,
    RESPONSE,
    campaign_candidates,
    campaign_examples,
)
from tests.unit.persons import write_persons

PRESENT = "date '2017-07-31'"


@pytest.fixture
def marts() -> duckdb.DuckDBPyConnection:
    """Two campaigns that ended and one that runs; a redeemed in the first, late in the second."""
    connection = duckdb.connect()
    connection.execute("create schema marts")
    connection.execute("""
        create table marts.customer_features as
        select customer_id, cast(as_of_on as date) as as_of_on, order_count_90d, order_count_90d as frequency
        from (values ('a', 3), ('b', 2), ('gone', 0)) as customers(customer_id, order_count_90d)
        cross join (values ('2017-05-01'), ('2017-05-08'), ('2017-07-31')) as dates(as_of_on)
    """)
    connection.execute("""
        create table marts.dim_campaigns as
        select campaign_id, campaign_type, cast(start_on as date) as start_on, cast(end_on as date) as end_on,
            10 as duration_days, 5 as coupon_count, 50 as product_count, member_count
        from (values
            ('c1', 'Type A', '2017-05-05', '2017-05-20', 3),
            ('c2', 'Type B', '2017-06-01', '2017-06-10', 2),
            ('c3', 'Type C', '2017-07-20', '2017-08-20', 9),
            ('c4', 'Type A', '2017-08-01', '2017-08-20', 99)
        ) as campaigns(campaign_id, campaign_type, start_on, end_on, member_count)
    """)
    connection.execute("""
        create table marts.fct_touches as
        select source_customer_id, campaign_id, touch_type, cast(touched_on as date) as touched_on
        from (values
            ('a', 'c1', 'membership', '2017-05-05'), ('b', 'c1', 'membership', '2017-05-05'),
            ('gone', 'c1', 'membership', '2017-05-05'), ('a', 'c2', 'membership', '2017-06-01'),
            ('a', 'c3', 'membership', '2017-07-20'), ('a', 'c1', 'redemption', '2017-05-20'),
            ('a', 'c2', 'redemption', '2017-06-11')
        ) as touches(source_customer_id, campaign_id, touch_type, touched_on)
    """)
    write_persons(connection, ["a", "b", "gone"])
    return connection


def test_active_members_of_campaigns_that_ended_are_learned_from_with_what_was_known_on_the_first_day(marts):
    found = marts.execute(campaign_examples(PRESENT)).df()
    assert found[["campaign_id", "customer_id", RESPONSE]].to_numpy().tolist() == [
        ["c1", "a", True],
        ["c1", "b", False],
        ["c2", "a", False],
    ]
    assert found["known_on"].dt.strftime("%m-%d").tolist() == ["05-21", "05-21", "06-11"]
    assert found["as_of_on"].dt.strftime("%m-%d").tolist() == ["05-05", "05-05", "06-01"]
    assert set(CAMPAIGN_FEATURES) <= set(found)


def test_what_happens_from_the_present_on_changes_nothing(marts):
    before = marts.execute(campaign_examples(PRESENT)).df()
    marts.execute("insert into marts.fct_touches values ('b', 'c1', 'redemption', date '2017-08-01')")
    pd.testing.assert_frame_equal(marts.execute(campaign_examples(PRESENT)).df(), before)


def test_everybody_active_is_scored_as_a_member_of_the_largest_campaign_that_has_begun(marts):
    found = marts.execute(campaign_candidates(PRESENT)).df()
    assert found[["customer_id", "campaign_id"]].to_numpy().tolist() == [["a", "c3"], ["b", "c3"]]
    marts.execute("delete from marts.dim_campaigns")
    assert marts.execute(campaign_candidates(PRESENT)).df().empty


def test_a_member_is_who_the_id_was_known_to_be_on_the_first_day(marts):
    """b is a by the first day of the second campaign, in which only b is; on that of the first it was a customer of its own."""
    marts.execute("update marts.customer_versions set until_on = date '2017-05-08' where identifier_id = 'b'")
    marts.execute(
        "insert into marts.customer_versions by name "
        "select 'b' as identifier_id, 'a@' as version_id, 'a' as customer_id, date '2017-05-08' as from_on"
    )
    marts.execute("delete from marts.customer_features where customer_id = 'b' and as_of_on >= '2017-05-08'")
    marts.execute("update marts.fct_touches set source_customer_id = 'b' where campaign_id = 'c2'")
    found = marts.execute(campaign_examples(PRESENT)).df()
    assert found[["campaign_id", "customer_id"]].to_numpy().tolist() == [["c1", "a"], ["c1", "b"], ["c2", "a"]]
