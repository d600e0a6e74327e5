"""Shops with one product, with rows that repeat, and with ids of any type (case 34)."""

from datetime import date

import pandas as pd
import pytest

from dmp_assets.recommendations.recommend import recommend, train

AS_OF = date(2024, 4, 1)


def purchases(rows: list[tuple]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=pd.Index(["customer_id", "product_id", "order_id", "ordered_on"]))
    return frame.assign(ordered_on=pd.to_datetime(frame["ordered_on"]))


def catalogue(*ids) -> pd.DataFrame:
    return pd.DataFrame({"product_id": list(ids), "product_category": "x", "product_type": "y"})


def lists(bought: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    return recommend(bought, products, AS_OF, train(bought, products, AS_OF))


@pytest.fixture(scope="module")
def shop() -> pd.DataFrame:
    """Return three orders of each of forty customers, numbered, as the products 10 to 13 are."""
    return purchases(
        [(c, 10 + (c + k) % 4, 10 * c + k, f"2024-0{1 + k}-1{c % 9}") for c in range(40) for k in range(3)]
    )


@pytest.fixture(scope="module")
def served(shop) -> pd.DataFrame:
    return lists(shop, catalogue(10, 11, 12, 13))


def test_ids_come_back_as_they_went_in(shop, served):
    assert (served.dtypes[["customer_id", "product_id"]] == shop.dtypes[["customer_id", "product_id"]]).all()
    assert set(served["product_id"]) == {10, 11, 12, 13}
    assert set(served["customer_id"]) == set(range(40))


def test_no_list_is_longer_than_the_catalogue_or_names_a_product_twice(served):
    assert served.groupby(["customer_id", "list"]).size().max() <= 4
    assert not served.duplicated(["customer_id", "list", "product_id"]).any()


def test_who_has_all_but_one_product_can_discover_that_one_only(shop, served):
    new = served[served["list"] == "discover"]
    assert new["customer_id"].tolist() == list(range(40))
    assert new.merge(shop, on=["customer_id", "product_id"]).empty


def test_rows_that_repeat_are_one_purchase(shop, served):
    pd.testing.assert_frame_equal(lists(pd.concat([shop] * 5), catalogue(10, 11, 12, 13)), served)


def test_with_one_product_there_is_nothing_to_discover():
    one = purchases([(f"c{n}", "p", f"o{n}", f"2024-03-{1 + n % 28:02}") for n in range(40)])
    found = lists(one, catalogue("p"))
    assert set(found["list"]) == {"buy_again"}
    assert found["customer_id"].is_unique
    assert set(found["product_id"]) == {"p"}


def test_a_product_that_nobody_bought_is_recommended_to_nobody_by_what_others_bought(shop):
    assert 99 not in set(lists(shop, catalogue(10, 11, 12, 13, 99))["product_id"])


def test_a_product_outside_the_catalogue_is_named(shop):
    with pytest.raises(ValueError, match="1 products bought are not in the products, for example 13"):
        train(shop, catalogue(10, 11, 12), AS_OF)
