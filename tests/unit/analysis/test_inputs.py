from datetime import date

import pandas as pd
import pytest

from dmp_assets.analysis import inputs
from dmp_assets.platform.errors import UserError
from dmp_assets.platform.settings import Settings
from dmp_assets.platform.warehouse import Warehouse, replace_table


@pytest.fixture
def warehouse(tmp_path):
    found = Warehouse.from_settings(Settings(home=tmp_path, threads=1))
    features = pd.DataFrame({"customer_id": "a", "as_of_on": pd.to_datetime(["2017-12-25", "2018-01-01"])})
    with found.write() as connection:
        replace_table(connection, "marts.customer_features", features, {})
    return found


def store_trained(warehouse, *days):
    models = pd.DataFrame({"model": list(days), "as_of_on": pd.to_datetime(list(days))})
    with warehouse.write() as connection:
        replace_table(connection, "recommendations.ranker", models, {})


def test_the_as_of_date_is_the_newest_of_the_features(warehouse):
    assert inputs.as_of(warehouse) == date(2018, 1, 1)


def test_what_was_trained_last_up_to_the_as_of_date_is_used(warehouse):
    store_trained(warehouse, "2017-12-18", "2017-12-25", "2018-01-08")
    assert inputs.trained(warehouse, "recommendations.ranker")["model"].tolist() == ["2017-12-25"]


def test_what_knows_the_future_is_refused(warehouse):
    store_trained(warehouse, "2018-01-08")
    with pytest.raises(UserError, match=r"trained as of 2018-01-08, after the as-of date 2018-01-01.*dmp build"):
        inputs.trained(warehouse, "recommendations.ranker")


def test_without_training_the_command_to_run_is_named(warehouse):
    with pytest.raises(UserError, match=r"There is no recommendations.ranker yet. Run `dmp build`"):
        inputs.trained(warehouse, "recommendations.ranker")


def test_a_model_that_could_not_be_trained_is_no_model(warehouse):
    store_trained(warehouse)
    assert inputs.trained(warehouse, "recommendations.ranker").empty


def test_explicit_ratings_are_the_newest_reviews_before_the_as_of_date(warehouse):
    rows = [
        ("e1", "a", "p1", "Product Reviewed", "2017-12-01 10:00", '{"rating": 2}', False),
        ("e2", "a", "p1", "Product Reviewed", "2017-12-02 10:00", '{"rating": "4.5"}', False),
        ("e3", "a", "p1", "Product Reviewed", "2018-01-01 10:00", '{"rating": 1}', False),
        ("e4", "b", "p1", "Product Reviewed", "2017-12-01 10:00", '{"rating": 5}', True),
        ("e5", "b", "p2", "Product Reviewed", "2017-12-01 10:00", '{"rating": "good"}', False),
        ("e6", None, "p2", "Product Reviewed", "2017-12-01 10:00", '{"rating": 5}', False),
        ("e7", "b", "p2", "Product Viewed", "2017-12-01 10:00", '{"rating": 5}', False),
        ("e8", "b", "p3", "Product Reviewed", "2017-12-01 10:00", None, False),
        ("e9", "b", "p1", "Product Reviewed", "2017-12-03 10:00", '{"rating": -1}', False),
    ]
    columns = ["event_id", "customer_id", "product_id", "event_name", "occurred_at", "properties", "is_bot"]
    events = pd.DataFrame(rows, columns=pd.Index(columns))
    events["occurred_at"] = pd.to_datetime(events["occurred_at"])
    events["occurred_on"] = events["occurred_at"].dt.normalize()
    with warehouse.write() as connection:
        replace_table(connection, "marts.fct_events", events, {})
    assert warehouse.query(inputs.RATINGS).to_dict("list") == {
        "customer_id": ["a", "b"],
        "product_id": ["p1", "p1"],
        "rating": [4.5, -1.0],
    }


def test_a_product_is_named_by_what_is_known_of_it_or_by_its_id(warehouse):
    products = pd.DataFrame(
        {
            "product_id": ["a", "b", "c"],
            "product_type": ["TEA", "Unknown", "Unknown"],
            "department": ["X", "Y", "Unknown"],
        }
    )
    with warehouse.write() as connection:
        replace_table(connection, "marts.dim_products", products, {})
    name = inputs.product_name("products", "product_type", "department")
    named = warehouse.query(f"select {name} as name from marts.dim_products as products order by product_id")
    assert named["name"].tolist() == ["TEA, X", "Y", "c"]


def test_a_purchase_is_told_with_the_day_on_which_the_last_of_it_was_returned(warehouse):
    rows = [
        ("o1/1", "o1", "sale", 2.0, None, "2017-12-01"),
        ("o1/2", "o1", "sale", 1.0, None, "2017-12-01"),
        ("o2/1", "o2", "free", 1.0, None, "2017-12-02"),
        ("o3/1", "o3", "fee", 1.0, None, "2017-12-03"),
        ("r1", "r1", "return", -1.0, "o1/1", "2017-12-05"),
        ("r2", "r2", "return", -1.0, "o1/1", "2017-12-09"),
        ("r3", "r3", "return", -1.0, "o2/1", "2018-01-01"),
    ]
    columns = ["order_line_id", "order_id", "line_type", "units", "returned_line_id", "order_on"]
    lines = pd.DataFrame(rows, columns=pd.Index(columns)).assign(customer_id="a", product_id="p", store_id="s")
    lines["order_on"] = pd.to_datetime(lines["order_on"])
    with warehouse.write() as connection:
        replace_table(connection, "marts.fct_order_lines", lines, {})
    told = warehouse.query(f"select * from ({inputs.PURCHASES}) as purchases order by order_id, returned_on")
    assert told["order_id"].tolist() == ["o1", "o1", "o2"]
    # Half of it was returned before; a return on the as-of date is not known.
    assert told["returned_on"].tolist() == [pd.Timestamp("2017-12-09"), pd.NaT, pd.NaT]
